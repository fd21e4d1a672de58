import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonText } from '../../lib/cli/format/json.ts';

test('JSON is read back as it was, and holds nothing that steers a terminal', () => {
  expect(jsonText('a\u202e\u061c\u009b\u{e0041}')).toBe('"a\\u202e\\u061c\\u009b\\udb40\\udc41"\n');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = jsonText({ text });
      expect(JSON.parse(json)).toEqual({ text });
      expect(json.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
});
