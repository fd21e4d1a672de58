import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

// The sigstore libraries cost time to load, and only few commands check signatures.

const dir = mkdtempSync(join(tmpdir(), 'ess-lazy-'));
const hook = join(dir, 'loaded.cjs');
writeFileSync(
  hook,
  `const Module = require('node:module');
const load = Module._load;
Module._load = function (name, ...rest) {
  if (/^@sigstore/.test(name)) require('node:fs').appendFileSync(process.env.LOADED, name + '\\n');
  return load.call(this, name, ...rest);
};`,
);
writeFileSync(
  join(dir, 'airgap.yaml'),
  `apiVersion: ess-airgap/v1
namespace: element-onprem
registry: { server: registry.example.org }
digests: ${resolve('images_digests.yml')}
`,
);

function loadedBy(...args: string[]): string {
  const log = join(dir, 'loaded.log');
  writeFileSync(log, '');
  execFileSync(process.execPath, ['--require', hook, resolve('build/ess-airgap.cjs'), ...args], {
    cwd: dir,
    env: { ...process.env, LOADED: log },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return readFileSync(log, 'utf8');
}

test.each([['plan'], ['lint'], ['synth'], ['--help']])(
  '%s does not load the sigstore libraries',
  (command) => {
    expect(loadedBy(command)).toBe('');
  },
);

test('the libraries are in no file of the command-line tool', () => {
  const files = readdirSync('build/cli').map((name) => readFileSync(join('build/cli', name), 'utf8'));
  // A message of one of them.
  expect(files.filter((text) => text.includes('inclusion promise could not be verified'))).toEqual([]);
});
