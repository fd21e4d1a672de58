import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { invalidRegexReason, MAX_TEXT, regexMatcher } from '../../lib/input/regex.ts';

describe('what a regular expression matches', () => {
  test.each([
    ['abc', ['abc'], ['abcd', 'xabc', 'ab']],
    ['^abc$', ['abc'], ['abcd']],
    ['a.c', ['abc', 'a.c'], ['a\nc', 'ac']],
    ['a\\.c', ['a.c'], ['abc']],
    [
      'https://github\\.com/element-hq/.+@refs/tags/v.*',
      ['https://github.com/element-hq/s/w.yml@refs/tags/v1'],
      ['https://github.com/element-hq/s/w.yml@refs/heads/v1', 'https://githubXcom/element-hq/x@refs/tags/v1'],
    ],
    ['(a|bc)*', ['', 'a', 'bc', 'abca'], ['b', 'ac']],
    ['a|', ['a', ''], ['b']],
    ['[a-c_.-]+', ['abc', 'a-b', '.'], ['d', '']],
    ['[^/]+', ['ab'], ['a/b']],
    ['[]a]', [']', 'a'], ['b']],
    ['\\d{2,3}', ['12', '123'], ['1', '1234']],
    ['(?:ab){2}', ['abab'], ['ab', 'ababab']],
    ['a{2,}', ['aa', 'aaaa'], ['a']],
    ['\\w+\\s\\w?', ['ab c', 'ab '], ['ab-c']],
    ['(a*)*b', ['b', 'aab'], ['aa']],
  ])('%s', (expression, yes, no) => {
    expect(invalidRegexReason(expression)).toBeUndefined();
    const matches = regexMatcher(expression);
    expect(yes.filter((text) => !matches(text))).toEqual([]);
    expect(no.filter(matches)).toEqual([]);
  });

  test('the same as JavaScript does', () => {
    const expression = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\.'),
        fc.tuple(tie('node'), tie('node')).map(([a, b]) => `${a}${b}`),
        fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(${a}|${b})`),
        fc
          .tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}'))
          .map(([a, sign]) => `(?:${a})${sign}`),
      ),
    })).node as fc.Arbitrary<string>;
    fc.assert(
      fc.property(
        expression,
        fc.array(fc.stringMatching(/^[ab.1]{0,6}$/), { maxLength: 20 }),
        (text, values) => {
          fc.pre(invalidRegexReason(text) === undefined);
          const matches = regexMatcher(text);
          const reference = new RegExp(`^(?:${text})$`, 'u');
          for (const value of values)
            expect([text, value, matches(value)]).toEqual([text, value, reference.test(value)]);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

test.each([
  ['', 'it is empty'],
  ['a'.repeat(513), '512 at most'],
  ['(a', 'a ( is not closed'],
  ['a)', 'a ) closes nothing'],
  ['[a', 'a [ is not closed'],
  ['*a', 'a * repeats nothing'],
  ['a**', '* repeats a repetition'],
  ['a+?', '? repeats a repetition'],
  ['a{2', 'a { begins no repetition'],
  ['a{3,2}', 'counts backwards'],
  ['a{1000}', 'more than 100'],
  ['(a{100}){100}', 'more than 2000 steps'],
  ['((((){100}){100}){100}){100}', 'more than 2000 steps'],
  ['('.repeat(40), 'deep'],
  ['(?=a)', '(?…) is not supported'],
  ['(a)\\1', '\\1 is not supported'],
  ['a^b', '^ has a meaning only at the start'],
  ['a$b', '$ has a meaning only at the end'],
  ['[b-a]', 'is not a range'],
  ['a\\', 'ends too early'],
])('%s is not supported: %s', (expression, why) => {
  expect(invalidRegexReason(expression)).toContain(why);
});

test('matching takes steps in proportion to the text, also where backtracking never ends', () => {
  const matches = regexMatcher('(a+)+(a|aa)+b');
  expect(matches('a'.repeat(MAX_TEXT))).toBe(false);
  expect(matches('a'.repeat(MAX_TEXT + 1))).toBe(false);
});
