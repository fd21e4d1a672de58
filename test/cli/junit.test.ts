import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeXml, formatJUnit } from '../../lib/cli/format/junit.ts';

test('any text gives XML that comes back as the same text, but for what XML cannot hold', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = escapeXml(text);
      expect(escaped).not.toMatch(/[<>"']/);
      const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
      const back = escaped.replace(/&(\w+);/g, (_whole, name: string) => entities[name] ?? '?');
      expect(back).toBe(text.replace(/[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd'));
    }),
  );
});

test('names and messages are escaped, also in attributes', () => {
  const xml = formatJUnit([
    {
      name: 'a & "b"',
      cases: [{ name: '<x>', failure: { message: "it's missing", text: 'one\ntwo \u001b[2J' } }],
    },
  ]);
  expect(xml).toContain('<testsuite name="a &amp; &quot;b&quot;" tests="1" failures="1" errors="0">');
  expect(xml).toContain('name="&lt;x&gt;"');
  expect(xml).toContain('<failure message="it&apos;s missing">one\ntwo \ufffd[2J</failure>');
});
