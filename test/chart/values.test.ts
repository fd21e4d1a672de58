import { describe, expect, test } from 'vitest';
import { coalesceValues, parseValues } from '../../lib/chart/values.ts';
import { InputError } from '../../lib/index.ts';
import type { YamlNode } from '../../lib/input/yaml.ts';

function plain(node: YamlNode): unknown {
  if (node.kind === 'sequence') return node.items.map(plain);
  if (node.kind === 'mapping')
    return Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value)]));
  return node.empty ? null : node.text;
}

const merged = (chart: string, ...files: string[]) =>
  plain(
    coalesceValues(
      parseValues(chart, 'values.yaml'),
      files.map((text, index) => parseValues(text, `${index}.yaml`)),
    ),
  );

describe('values of a user over those of a chart, as Helm merges them', () => {
  const chart = 'a: { x: 1, y: 2 }\nlist: [1, 2]\nword: w';
  test.each<[string, string[], unknown]>([
    ['nothing', [], { a: { x: '1', y: '2' }, list: ['1', '2'], word: 'w' }],
    ['one key of a mapping', ['a: { x: 9 }'], { a: { x: '9', y: '2' }, list: ['1', '2'], word: 'w' }],
    ['a list is replaced', ['list: [3]'], { a: { x: '1', y: '2' }, list: ['3'], word: 'w' }],
    ['null deletes a key', ['a: { x: null }'], { a: { y: '2' }, list: ['1', '2'], word: 'w' }],
    ['~ and nothing are null too', ['a: { x: ~, y: }'], { a: {}, list: ['1', '2'], word: 'w' }],
    ['null deletes a mapping', ['a: null'], { list: ['1', '2'], word: 'w' }],
    ['"null" is a text', ['word: "null"'], { a: { x: '1', y: '2' }, list: ['1', '2'], word: 'null' }],
    [
      'the later file wins',
      ['word: one', 'word: two'],
      { a: { x: '1', y: '2' }, list: ['1', '2'], word: 'two' },
    ],
    [
      'a null of the first file is undone by the second',
      ['a: null', 'a: { x: 3 }'],
      { a: { x: '3', y: '2' }, list: ['1', '2'], word: 'w' },
    ],
    [
      'a null of the second file deletes what the first sets and the chart has',
      ['a: { x: 3 }', 'a: { x: null }'],
      { a: { y: '2' }, list: ['1', '2'], word: 'w' },
    ],
    ['a word replaces a mapping', ['a: word'], { a: 'word', list: ['1', '2'], word: 'w' }],
    [
      'a mapping replaces a word',
      ['word: { z: 1 }'],
      { a: { x: '1', y: '2' }, list: ['1', '2'], word: { z: '1' } },
    ],
    ['new keys', ['b: { z: 1 }'], { a: { x: '1', y: '2' }, list: ['1', '2'], word: 'w', b: { z: '1' } }],
    ['a file of comments', ['# nothing\n---\n'], { a: { x: '1', y: '2' }, list: ['1', '2'], word: 'w' }],
    ['an empty file', [''], { a: { x: '1', y: '2' }, list: ['1', '2'], word: 'w' }],
  ])('%s', (_, files, expected) => {
    expect(merged(chart, ...files)).toEqual(expected);
  });

  test.each(['- a list', 'a word', 'a: [', 'a: 1\na: 2'])('%j is an error with its place', (text) => {
    expect(() => parseValues(text, 'mine.yaml')).toThrow(InputError);
    expect(() => parseValues(text, 'mine.yaml')).toThrow(/^mine\.yaml:\d+:\d+: error: /);
  });
});
