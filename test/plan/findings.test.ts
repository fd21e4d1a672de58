import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FINDINGS } from '../../lib/index.ts';

test('docs/findings.md has a heading for each code, with its severity, and for no other', () => {
  const page = readFileSync('docs/findings.md', 'utf8');
  const documented = [...page.matchAll(/^## `([a-z-]+)`\n\*(error|warning|note)\.\*/gm)].map(
    ([, code, severity]) => [code, severity],
  );
  expect(Object.fromEntries(documented)).toEqual(FINDINGS);
  expect(documented).toHaveLength([...page.matchAll(/^## /gm)].length);
});
