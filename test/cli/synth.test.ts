import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BINARY, essAirgap, folder } from '../support/cli.ts';
import { Project } from '../support/project.ts';

const least = 'apiVersion: ess-airgap/v1\nregistry: { server: localregistry.local }\n';
const sample = {
  'airgap.yaml': { from: 'airgap.yaml' },
  'images_digests.yml': { from: 'images_digests.yml' },
};
const demo = Object.fromEntries(
  [...fs.readFileSync('demo.env', 'utf8').matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ]),
);
const read = (dir: string): Record<string, string> =>
  Object.fromEntries(fs.readdirSync(dir).map((name) => [name, fs.readFileSync(join(dir, name), 'utf8')]));

describe('the same bytes as cdk8s synth', () => {
  test.each([
    ['the sample', {}, {}],
    [
      'several deployments, shards, GitOps',
      {
        'a.yaml': `${least}name: a\nmirror: { image: "quay.io/skopeo/stable@sha256:${'a'.repeat(64)}", shards: 3 }\n`,
        'b.yaml': `${least}name: b\ncluster: b\ngitops: argocd\nexclude: [adminbot]\n`,
      },
      { ESS_AIRGAP_CONFIG: 'a.yaml,b.yaml' },
    ],
  ])('%s', (_, files, env) => {
    const made = new Project(files);
    onTestFinished(() => made.remove());
    expect(made.run('npx cdk8s synth', { ...demo, ...env })).toMatchObject({ status: 0 });
    const expected = made.dist();
    fs.rmSync(join(made.dir, 'dist'), { recursive: true });
    const run = essAirgap(['synth'], { cwd: made.dir, env: { ...demo, ...env } });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(made.dist()).toEqual(expected);
    // And npm run synth, which runs main.ts without the command line of cdk8s.
    expect(made.run('npm run synth', { ...demo, ...env }).stderr).toBe(run.stdout);
    expect(made.dist()).toEqual(expected);
  });
});

test('Helm values are listed once, and no step applies them with kubectl', () => {
  const cwd = folder({
    'images_digests.yml': { from: 'examples/ess-helm/images_digests.yml' },
    'my-values.yaml': { from: 'examples/ess-helm/my-values.yaml' },
    'airgap.yaml': `${least}namespace: ess
helm: { values: [my-values.yaml] }
pullSecret: { name: registry-pull, source: existing }
`,
  });
  const { status, stdout } = essAirgap(['synth'], { cwd });
  expect(status).toBe(0);
  expect(stdout.match(/^ {2}dist\/.*$/gm)).toEqual(['  dist/ess-images.values']);
  expect(stdout).not.toContain('kubectl apply');
});

test('it needs nothing but its own files', () => {
  const bin = folder();
  for (const name of ['ess-airgap.cjs', 'cli']) {
    fs.cpSync(join(BINARY, '..', name), join(bin, name), { recursive: true });
  }
  const cwd = folder(sample);
  const run = spawnSync(process.execPath, [join(bin, 'ess-airgap.cjs'), 'synth'], {
    cwd,
    encoding: 'utf8',
    env: demo,
  });
  expect(run).toMatchObject({ status: 0, stderr: '' });
  expect(fs.readdirSync(join(cwd, 'dist'))).toEqual([
    'ess-images.k8s.yaml',
    'ess-mirror.k8s.yaml',
    'mirror-ess-secrets.k8s.yaml',
    'pull-ess-secrets.k8s.yaml',
  ]);
});

test('each file begins with what it was made of, and plain Secrets are for their owner alone', () => {
  const cwd = folder(sample);
  essAirgap(['synth'], { cwd, env: demo });
  for (const [name, text] of Object.entries(read(join(cwd, 'dist')))) {
    const secret = name.endsWith('ess-secrets.k8s.yaml');
    expect(text).toMatch(
      secret
        ? /^# Written by ess-airgap \d+\.\d+\.\d+\S*\. Holds passwords: commit it only encrypted\.\n/
        : /^# Written by ess-airgap \d+\.\d+\.\d+\S* from images_digests\.yml\. .*\n# Plan sha256:[0-9a-f]{64}\.\n# To verify /,
    );
    const mode = fs.statSync(join(cwd, 'dist', name)).mode & 0o077;
    expect(mode === 0).toBe(secret);
  }
});

describe('the output folder', () => {
  test('is what --output names, or CDK8S_OUTDIR', () => {
    const cwd = folder({ ...sample, 'airgap.yaml': least });
    essAirgap(['synth', '--output', 'deep/manifests'], { cwd });
    essAirgap(['synth'], { cwd, env: { CDK8S_OUTDIR: 'other' } });
    expect(read(join(cwd, 'deep/manifests'))).toEqual(read(join(cwd, 'other')));
    expect(fs.existsSync(join(cwd, 'dist'))).toBe(false);
  });

  test('loses what is no longer made, which is said, and keeps what is not ours', () => {
    const cwd = folder(sample);
    essAirgap(['synth'], { cwd, env: demo });
    fs.writeFileSync(join(cwd, 'dist/notes.yaml'), 'mine: true\n');
    fs.writeFileSync(join(cwd, 'airgap.yaml'), least);
    const check = essAirgap(['synth', '--check'], { cwd });
    expect(check.stdout).toContain(
      'Would write dist/ess-images.k8s.yaml\nWould remove dist/ess-mirror.k8s.yaml\n',
    );
    const run = essAirgap(['synth'], { cwd });
    expect(run.stdout).toContain('Removed: dist/ess-mirror.k8s.yaml, which is no longer needed.\n');
    expect(fs.readdirSync(join(cwd, 'dist'))).toEqual(['ess-images.k8s.yaml', 'notes.yaml']);
  });
});

describe('--check', () => {
  test('writes nothing', () => {
    const cwd = folder(sample);
    const run = essAirgap(['synth', '--check'], { cwd, env: demo });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toContain('Would write dist/ess-images.k8s.yaml\n');
    expect(fs.readdirSync(cwd).sort()).toEqual(Object.keys(sample).sort());
    essAirgap(['synth'], { cwd, env: demo });
    expect(essAirgap(['synth', '--check'], { cwd, env: demo }).stdout).toContain(
      'Nothing would change: dist/',
    );
  });

  test('finds what synth would find, with the same exit code', () => {
    const cwd = folder({ ...sample, 'airgap.yaml': `${least}exclude: ['*']\n` });
    const [checked, run] = [['synth', '--check'], ['synth']].map((args) => essAirgap(args, { cwd }));
    expect(checked).toEqual(run);
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run?.stderr).toContain('[nothing-overridden]');
  });
});

describe('whatever is wrong, the folder is as it was', () => {
  test.each([
    [
      'input',
      (cwd: string) => fs.appendFileSync(join(cwd, 'airgap.yaml'), 'pn: x\n'),
      [],
      'unknown key "pn"',
    ],
    [
      'a folder in the way',
      (cwd: string) => fs.mkdirSync(join(cwd, 'dist/ess-mirror.k8s.yaml')),
      [],
      'regular file',
    ],
    ['a file in place of the folder', () => {}, ['--output', 'airgap.yaml'], 'airgap.yaml is not a folder'],
  ])('%s', (_, breakIt, args, message) => {
    const cwd = folder({ ...sample, 'airgap.yaml': `${least}configMap: { name: before }\n` });
    essAirgap(['synth'], { cwd });
    fs.writeFileSync(
      join(cwd, 'airgap.yaml'),
      `${least}mirror: { image: "quay.io/skopeo/stable@sha256:${'a'.repeat(64)}" }\n`,
    );
    breakIt(cwd);
    const before = fs.readFileSync(join(cwd, 'dist/ess-images.k8s.yaml'), 'utf8');
    const names = fs.readdirSync(cwd);
    const run = essAirgap(['synth', ...args], { cwd });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain(message);
    expect(fs.readFileSync(join(cwd, 'dist/ess-images.k8s.yaml'), 'utf8')).toBe(before);
    expect(fs.readdirSync(cwd)).toEqual(names);
  });

  test('a full disk', () => {
    const cwd = folder(sample);
    fs.mkdirSync(join(cwd, 'dist'));
    // A limit on the size of files: the write fails as it does on a full disk, in the middle of the mirror's file.
    const run = spawnSync('sh', ['-c', `ulimit -f 20; exec '${process.execPath}' '${BINARY}' synth`], {
      cwd,
      encoding: 'utf8',
      env: { ...demo, PATH: process.env.PATH },
    });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toMatch(/^error: EFBIG: file too large, write\n$/);
    expect(fs.readdirSync(join(cwd, 'dist'))).toEqual([]);
    expect(fs.readdirSync(cwd).sort()).toEqual(['airgap.yaml', 'dist', 'images_digests.yml']);
  });

  test('killed at any moment: all files are the old ones, or all are the new ones', async () => {
    const cwd = folder(sample);
    const dist = join(cwd, 'dist');
    const variants = [0, 1].map((variant) => {
      const config = fs.readFileSync('airgap.yaml', 'utf8').replace('path: element', `path: v${variant}`);
      fs.writeFileSync(join(cwd, 'airgap.yaml'), config);
      const started = performance.now();
      essAirgap(['synth'], { cwd, env: demo });
      return { config, files: read(dist), milliseconds: performance.now() - started };
    });
    const longest = Math.max(...variants.map(({ milliseconds }) => milliseconds));
    const seen = new Set<number>();
    // Later and later, until one has ended before: the machine may be slower by then.
    for (let round = 0; round < 40 || seen.size < 2; round += 1) {
      const wanted = variants[round % 2];
      fs.writeFileSync(join(cwd, 'airgap.yaml'), wanted?.config ?? '');
      const child = spawn(process.execPath, [BINARY, 'synth'], { cwd, env: demo, stdio: 'ignore' });
      const ended = new Promise((resolve) => child.once('close', resolve));
      await wait((longest * (round + 8)) / 40);
      child.kill(round % 3 === 0 ? 'SIGTERM' : 'SIGKILL');
      await ended;
      const found = read(dist);
      const which = variants.findIndex(({ files }) => JSON.stringify(files) === JSON.stringify(found));
      expect(which, `round ${round}`).toBeGreaterThanOrEqual(0);
      seen.add(which);
    }
    expect(seen.size).toBe(2);
    // What a kill leaves beside the folder goes with the next synth.
    essAirgap(['synth'], { cwd, env: demo });
    expect(fs.readdirSync(cwd).sort()).toEqual(['airgap.yaml', 'dist', 'images_digests.yml']);
  });
});

test('several deployments, by options or by the environment', () => {
  const deployment = (name: string): string => `${least}name: ${name}\ncluster: ${name}\n`;
  const cwd = folder({ ...sample, 'a.yaml': deployment('a'), 'b.yaml': deployment('b') });
  const files = ['a-ess-images.k8s.yaml', 'b-ess-images.k8s.yaml'];
  expect(essAirgap(['synth', '-c', 'a.yaml', '-c', 'b.yaml'], { cwd }).status).toBe(0);
  expect(fs.readdirSync(join(cwd, 'dist'))).toEqual(files);
  const env = { ESS_AIRGAP_CONFIG: 'a.yaml, b.yaml' };
  expect(essAirgap(['synth', '--output', 'other'], { cwd, env }).status).toBe(0);
  expect(read(join(cwd, 'other'))).toEqual(read(join(cwd, 'dist')));
  const twice = essAirgap(['synth', '-c', 'a.yaml', '-c', 'a.yaml'], { cwd });
  expect(twice).toMatchObject({ status: 2, stdout: '' });
  expect(twice.stderr).toContain('a.yaml and a.yaml have the same name (a)');
});
