import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { InputError } from '../../lib/index.ts';
import { compareFiles, FILE_HEADER, type OutputFile, replaceFiles } from '../../lib/synth/output-folder.ts';

function newFolder(): string {
  const dir = fs.mkdtempSync(join(tmpdir(), 'ess-airgap-output-'));
  onTestFinished(() => fs.rmSync(dir, { recursive: true, force: true }));
  return dir;
}
const file = (name: string, text: string, secret = false): OutputFile => ({
  name,
  text: `${FILE_HEADER}0.0.0.\n${text}`,
  secret,
});
const read = (folder: string): Record<string, string> =>
  Object.fromEntries(
    fs
      .readdirSync(folder)
      .map((name) => [name, fs.readFileSync(join(folder, name), 'utf8').split('\n')[1] ?? '']),
  );

test('writes what is new, leaves what is the same, removes what is gone', () => {
  const dir = newFolder();
  const out = join(dir, 'deep/dist');
  expect(replaceFiles(out, [file('a.k8s.yaml', 'a'), file('b.k8s.yaml', 'b')])).toEqual({
    written: ['a.k8s.yaml', 'b.k8s.yaml'],
    removed: [],
  });
  const before = fs.statSync(join(out, 'a.k8s.yaml'));
  const next = [file('a.k8s.yaml', 'a'), file('c.k8s.yaml', 'c')];
  expect(compareFiles(out, next)).toEqual({ written: ['c.k8s.yaml'], removed: ['b.k8s.yaml'] });
  expect(replaceFiles(out, next)).toEqual({ written: ['c.k8s.yaml'], removed: ['b.k8s.yaml'] });
  expect(read(out)).toEqual({ 'a.k8s.yaml': 'a', 'c.k8s.yaml': 'c' });
  expect(fs.statSync(join(out, 'a.k8s.yaml')).ino).toBe(before.ino);
  // Nothing is left beside the folder either.
  expect(fs.readdirSync(join(dir, 'deep'))).toEqual(['dist']);
});

test('files that it did not write stay; those of version 0.1.0 are known by their label', () => {
  const out = newFolder();
  const others = {
    'mine.yaml': 'kind: ConfigMap\n',
    'kustomization.yaml': 'resources: []\n',
    'README.md': `${FILE_HEADER}0.0.0.\n`,
  };
  for (const [name, text] of Object.entries(others)) fs.writeFileSync(join(out, name), text);
  fs.mkdirSync(join(out, 'ess-old.k8s.yaml'));
  fs.writeFileSync(
    join(out, 'ess-mirror.k8s.yaml'),
    'apiVersion: v1\nkind: Namespace\nmetadata:\n  labels:\n    app.kubernetes.io/managed-by: ess-airgap\n',
  );
  expect(replaceFiles(out, [file('a.k8s.yaml', 'a')]).removed).toEqual(['ess-mirror.k8s.yaml']);
  expect(fs.readdirSync(out).sort()).toEqual(
    ['a.k8s.yaml', 'ess-old.k8s.yaml', ...Object.keys(others)].sort(),
  );
});

test('a secret is for its owner alone, also one that was for all before', () => {
  const out = newFolder();
  const mode = () => fs.statSync(join(out, 's.k8s.yaml')).mode & 0o777;
  replaceFiles(out, [file('s.k8s.yaml', 's', true)]);
  expect(mode()).toBe(0o600);
  fs.chmodSync(join(out, 's.k8s.yaml'), 0o644);
  expect(replaceFiles(out, [file('s.k8s.yaml', 's', true)]).written).toEqual(['s.k8s.yaml']);
  expect(mode()).toBe(0o600);
});

test('the folder may be a link to another', () => {
  const dir = newFolder();
  fs.mkdirSync(join(dir, 'real'));
  fs.symlinkSync('real', join(dir, 'link'));
  replaceFiles(join(dir, 'link'), [file('a.k8s.yaml', 'a')]);
  expect(fs.lstatSync(join(dir, 'link')).isSymbolicLink()).toBe(true);
  expect(read(join(dir, 'real'))).toEqual({ 'a.k8s.yaml': 'a' });
});

describe('what cannot be done changes nothing', () => {
  test('a folder where a file is to be, a file where the folder is to be', () => {
    const dir = newFolder();
    const out = join(dir, 'dist');
    replaceFiles(out, [file('a.k8s.yaml', 'a')]);
    fs.mkdirSync(join(out, 'b.k8s.yaml'));
    expect(() => replaceFiles(out, [file('a.k8s.yaml', 'new'), file('b.k8s.yaml', 'b')])).toThrow(InputError);
    expect(fs.readFileSync(join(out, 'a.k8s.yaml'), 'utf8')).toContain('\na');
    expect(() => replaceFiles(join(out, 'a.k8s.yaml'), [file('b.k8s.yaml', 'b')])).toThrow('is not a folder');
    expect(fs.readdirSync(dir)).toEqual(['dist']);
  });

  test('a rename that fails after others: they are undone', () => {
    const dir = newFolder();
    const out = join(dir, 'dist');
    replaceFiles(out, [file('a.k8s.yaml', 'a'), file('gone.k8s.yaml', 'gone')]);
    const script = `
      const fs = require('node:fs');
      const rename = fs.renameSync;
      let calls = 0;
      fs.renameSync = (from, to) => { if (++calls === 3) throw Object.assign(new Error('broken'), { code: 'EIO' }); rename(from, to); };
      const { replaceFiles } = require(${JSON.stringify(join(dir, 'bundle.cjs'))});
      replaceFiles(${JSON.stringify(out)}, ${JSON.stringify([file('new.k8s.yaml', 'new'), file('a.k8s.yaml', 'other'), file('last.k8s.yaml', 'last')])});
    `;
    const esbuild = ['lib/synth/output-folder.ts', '--bundle', '--platform=node', '--format=cjs'];
    spawnSync('node_modules/.bin/esbuild', [...esbuild, `--outfile=${join(dir, 'bundle.cjs')}`]);
    const run = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    expect(run.stderr).toContain('broken');
    expect(read(out)).toEqual({ 'a.k8s.yaml': 'a', 'gone.k8s.yaml': 'gone' });
    expect(fs.readdirSync(dir).sort()).toEqual(['bundle.cjs', 'dist']);
  });
});
