import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { coalesceValues, parseValues } from '../../lib/chart/values.ts';
import type { YamlNode } from '../../lib/input/yaml.ts';

// Merges values of a chart and of a user as `lib/chart/values.ts` does and as Helm does, and compares.

const [work = ''] = process.argv.slice(2);
const chart = join(work, 'merge');
mkdirSync(join(chart, 'templates'), { recursive: true });
writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: merge\nversion: 1.0.0\n');
writeFileSync(join(chart, 'templates/values.yaml'), 'values: {{ .Values | toJson | quote }}\n');

function byHelm(own: string, files: readonly string[]): unknown {
  writeFileSync(join(chart, 'values.yaml'), own);
  const args = files.flatMap((text, index) => {
    const file = join(work, `values-${index}.yaml`);
    writeFileSync(file, text);
    return ['--values', file];
  });
  // Helm says on standard error which tables it replaces.
  const out = execFileSync('helm', ['template', 'merge', chart, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const line = out.split('\n').find((text) => text.startsWith('values: ')) ?? '';
  return withoutNulls(JSON.parse(JSON.parse(line.slice('values: '.length)) as string));
}

function plain(node: YamlNode): unknown {
  if (node.kind === 'sequence') return node.items.map(plain);
  if (node.kind === 'mapping')
    return Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value)]));
  return node.empty ? null : node.text;
}

function byUs(own: string, files: readonly string[]): unknown {
  const user = files.map((text) => parseValues(text, 'values.yaml'));
  return withoutNulls(plain(coalesceValues(parseValues(own, 'values.yaml'), user)));
}

/** A null that deletes nothing is kept by some versions of Helm and not by others; no image depends on it. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, below]) => (below === null ? [] : [[key, withoutNulls(below)]])),
  );
}

/** Numbers that only the seed decides. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
}

/** A mapping of few keys, so that those of several files meet. All its scalars are texts or null. */
function values(random: (below: number) => number, nulls: boolean, depth = 0): unknown {
  const kind = depth === 0 ? 0 : random(6);
  if (kind < 3 && depth < 3) {
    const keys = ['a', 'b', 'c'].filter(() => random(3) > 0);
    return Object.fromEntries(keys.map((key) => [key, values(random, nulls, depth + 1)]));
  }
  if (kind === 3) return [values(random, false, 3)];
  if (kind === 4 && nulls) return null;
  return `text ${random(9)}`;
}

const random = generator(20260824);
let cases = 0;
for (; cases < 150; cases++) {
  const own = JSON.stringify(values(random, false));
  const files = Array.from({ length: 1 + random(3) }, () => JSON.stringify(values(random, true)));
  const [helm, ours] = [byHelm(own, files), byUs(own, files)];
  if (!isDeepStrictEqual(helm, ours)) {
    throw new Error(
      `chart ${own}, files ${files.join(' ')}:\nHelm ${JSON.stringify(helm)}\nours ${JSON.stringify(ours)}`,
    );
  }
}
console.log(`${cases} cases, the same values`);
