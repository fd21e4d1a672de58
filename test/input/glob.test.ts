import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GlobBudget, globMatcher, invalidGlobReason } from '../../lib/input/glob.ts';
import { InputError } from '../../lib/input/problem.ts';

describe('what a glob matches', () => {
  test.each([
    ['synapse', ['synapse'], ['synapse/redis', 'synapse_admin', 'Synapse']],
    ['*', ['a', 'a.b-c_d'], ['a/b']],
    ['a*', ['a', 'ab'], ['ba', 'a/b']],
    ['*a*b*', ['ab', 'xaxbx', 'aab'], ['ba', 'a/b']],
    ['a?c', ['abc', 'a.c'], ['ac', 'a/c']],
    ['**', ['a', 'a/b', 'a/b/c'], []],
    ['docker.io/*', ['docker.io/x'], ['docker.io/library/x', 'docker.io', 'dockerXio/x']],
    ['docker.io/**', ['docker.io/x', 'docker.io/library/x'], ['docker.io', 'ghcr.io/docker.io/x']],
    ['**/pipe', ['pipe', 'a/pipe', 'a/b/pipe'], ['a/pipes', 'pipe/a']],
    ['a/**/b', ['a/b', 'a/x/b', 'a/b/b', 'a/b/x/b'], ['a/b/x', 'ab']],
    ['a/*/**', ['a/b/c', 'a/b/c/d'], ['a/b']],
    ['localhost:5000/*', ['localhost:5000/x'], ['localhost/x']],
    ['v[0-9]', ['v0', 'v9'], ['va', 'v', 'v00']],
    ['v[!0-9]', ['va', 'v.'], ['v0', 'v/']],
    ['v[^0-9]', ['va'], ['v0']],
    ['v[a-cx.-]', ['va', 'vc', 'vx', 'v.', 'v-'], ['vd']],
    ['{ghcr.io,quay.io}/**', ['ghcr.io/a', 'quay.io/a/b'], ['docker.io/a']],
    ['a{,b/c}/d', ['a/d', 'ab/c/d'], ['ab/d']],
    ['a{b,c{d,e}}', ['ab', 'acd', 'ace'], ['ac', 'acb']],
  ])('%s', (glob, yes, no) => {
    const matches = globMatcher(glob);
    expect(yes.filter((name) => !matches(name))).toEqual([]);
    expect(no.filter(matches)).toEqual([]);
  });

  test('the same as a regular expression of it', () => {
    const part = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('a', 'b', '.', '/') },
      fc.constantFrom('*', '?', '[ab]', '[!a]', '{a,b}', '{,a*}', '{a/b,*}', '**/', '/**/', '/**'),
    );
    const glob = fc.array(part, { minLength: 1, maxLength: 7 }).map((parts) => parts.join(''));
    const name = fc
      .array(fc.stringMatching(/^[ab.]{1,4}$/), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join('/'));
    fc.assert(
      fc.property(glob, fc.array(name, { minLength: 1, maxLength: 20 }), (text, names) => {
        fc.pre(invalidGlobReason(text) === undefined);
        const matches = globMatcher(text);
        const expression = expressionOf(text);
        for (const one of names) expect([text, one, matches(one)]).toEqual([text, one, expression.test(one)]);
      }),
      { numRuns: 2000 },
    );
  });
});

/** Written for these tests alone: with braces as groups, and time without bound. */
function expressionOf(glob: string): RegExp {
  const source = glob
    .replace(/\*\*$/, '<some>')
    .replace(/\*\*\//g, '<any>')
    .replace(/\./g, '\\.')
    .replace(/\[!/g, '[^/')
    .replace(/\?/g, '[^/]')
    .replace(/\*/g, '[^/]*')
    .replace(/\{/g, '(?:')
    .replace(/\}/g, ')')
    .replace(/,/g, '|')
    .replace(/<some>/g, '.+')
    .replace(/<any>/g, '(?:[^/]+/)*');
  return new RegExp(`^(?:${source})$`);
}

test.each([
  ['', 'it is empty'],
  ['(a+)+', 'it contains "(", which no name has; expected a name, optionally with'],
  ['!(a|b)', 'it contains "(", which no name has'],
  ['+(a)', 'it contains "+", which no name has'],
  ['a b', 'it contains " ", which no name has'],
  ['a\\*', 'it contains a backslash'],
  ['!a', '^ are only allowed in [!a-c]; globs cannot be negated'],
  ['user:secret@host/*', 'it contains an @'],
  ['a**', '** matches whole components'],
  ['***', '** matches whole components'],
  ['*{a,*}', '** matches whole components'],
  ['{a,*}*', '** matches whole components'],
  ['/a', 'it begins or ends with a slash'],
  ['a//b', 'it begins or ends with a slash'],
  ['{a', 'a { is not closed'],
  ['a}', 'a } has no matching {'],
  ['{a}', '{ } has no comma'],
  ['{1..9}', '{ } has no comma'],
  ['a,b', 'a comma is outside of { }'],
  ['[a', 'a [ is not closed'],
  ['a]', 'a ] has no matching ['],
  ['[]', '[] is not a valid character set'],
  ['[z-a]', '[z-a] is a reversed range'],
  ['[a/b]', '[ ] contains a slash'],
  ['[[:alpha:]]', 'is not a valid character set'],
  ['{a,b}'.repeat(7), 'its braces expand to more than 64 globs'],
  ['{'.repeat(300), 'a { is not closed'],
  [`${'{a,'.repeat(80)}b${'}'.repeat(80)}`, 'expand to more than 64 globs'],
  ['a'.repeat(513), 'it has 513 characters; expected at most 512'],
])('%# is refused', (glob, why) => {
  expect(invalidGlobReason(glob)).toContain(why);
  expect(() => globMatcher(glob)).toThrow(InputError);
});

describe('time is bounded', () => {
  /** How many comparisons all names take. */
  const stepsOf = (glob: string, names: readonly string[]): number => {
    let steps = 0;
    const budget = Object.assign(new GlobBudget(), { spend: () => steps++ });
    const matches = globMatcher(glob, budget);
    for (const name of names) matches(name);
    return steps;
  };

  test.each([
    ['*a'.repeat(20), ['a'.repeat(255), `${'a'.repeat(254)}b`]],
    [`${'*a'.repeat(100)}b`, ['a'.repeat(255)]],
    [`${'**/a/'.repeat(60)}b`, ['a/'.repeat(127).concat('a')]],
    [`${'**/*a*a/'.repeat(40)}b`, ['aaa/'.repeat(63).concat('a')]],
  ])('%# takes at most the length of the glob times that of the name', (glob, names) => {
    const characters = names.join('').length;
    expect(stepsOf(glob, names)).toBeLessThan(2 * glob.length * characters);
  });

  test('all globs of a plan share one budget', () => {
    const budget = new GlobBudget({ file: 'airgap.yaml', line: 1, column: 1 });
    const matchers = Array.from({ length: 2000 }, (_, at) =>
      globMatcher(`*${'a'.repeat(100)}b${at}`, budget),
    );
    const run = () => matchers.map((matches) => matches('a'.repeat(255)));
    expect(run).toThrow(
      /^airgap\.yaml:1:1: error: matching the globs of the configuration needs more than 20000000 comparisons/,
    );
  });
});
