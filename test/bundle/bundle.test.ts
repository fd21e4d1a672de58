import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runEssAirgap, startEssAirgap } from '../support/cli-process.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { type Image, type LayerSpec, makeImage, pushImage } from '../support/images.ts';
import type { Run } from '../support/project.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  manifestDigest,
  type Registry,
  startRegistry,
} from '../support/registry.ts';
import { digestsFileOf } from '../support/release.ts';

// `ess-airgap bundle` out of one real registry, `load` and load.sh into another over TLS with a password.

const push = { username: 'pusher', password: 'fake-push-password' };
const base: LayerSpec = { seed: 'base', size: 50_000 };
const deps: LayerSpec = { seed: 'deps', size: 200_000, perArchitecture: true };
const layers = (name: string, ...more: LayerSpec[]): LayerSpec[] => [
  base,
  ...more,
  { seed: name, size: 9000 },
];

const synapse = makeImage({ name: 'synapse 1', layers: layers('synapse1', deps) });
const newSynapse = makeImage({ name: 'synapse 2', layers: layers('synapse2', deps) });
const redis = makeImage({ name: 'redis', mediaTypes: 'docker', layers: layers('redis') });
const nginx = makeImage({ name: 'nginx', mediaTypes: 'docker', architectures: ['amd64'], layers: [base] });
const hydrogen = makeImage({ name: 'hydrogen', architectures: ['amd64'], layers: layers('hydrogen') });

type Release = Record<string, { path: string; tag: string; image: Image }>;
const first: Release = {
  'synapse/synapse': { path: 'element-hq/synapse', tag: 'v1', image: synapse },
  'synapse/redis': { path: 'library/redis', tag: '7.2', image: redis },
  'hookshot/redis': { path: 'library/redis', tag: '7.2', image: redis },
  'well_known/nginx': { path: 'library/nginx', tag: '1.10', image: nginx },
};
const second: Release = {
  ...first,
  'synapse/synapse': { path: 'element-hq/synapse', tag: 'v2', image: newSynapse },
  'hydrogen/hydrogen': { path: 'element-hq/hydrogen', tag: 'v1', image: hydrogen },
};

let directory: string;
let authority: CertificateAuthority;
let source: Registry;
let target: Registry;
/** The bundle of the first release, made once and only read, and that of the second since it. */
let made: string;
let madeSince: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ess-airgap-bundle-'));
  authority = createCertificateAuthority(directory);
  [source, target] = await Promise.all([startRegistry(), startRegistry({ password: push, tls: authority })]);
  for (const { path, tag, image } of [...Object.values(first), ...Object.values(second)]) {
    await pushImage(source.server, path, tag, image);
  }
  writeFileSync(
    join(directory, 'auth.json'),
    JSON.stringify({
      auths: {
        [target.server]: { auth: Buffer.from(`${push.username}:${push.password}`).toString('base64') },
      },
    }),
  );
  made = join(directory, 'first');
  madeSince = join(directory, 'second');
  expect(await bundle(first, ['--output', made])).toMatchObject({ status: 0, stderr: '' });
  expect(await bundle(second, ['--output', madeSince, '--since', made])).toMatchObject({ status: 0 });
});
afterAll(async () => {
  await Promise.all([source?.stop(), target?.stop()]);
  rmSync(directory, { recursive: true, force: true });
});

function bundle(release: Release, args: readonly string[], from = source.server): Promise<Run> {
  return runEssAirgap(['bundle', ...args], { cwd: projectOf(release, from) });
}

function projectOf(release: Release, from = source.server): string {
  const references = Object.entries(release).map(([name, { path, tag, image }]) => [
    name,
    `${from}/${path}:${tag}@${image.digest}`,
  ]);
  const dir = mkdtempSync(join(directory, 'project-'));
  writeFileSync(join(dir, 'images_digests.yml'), digestsFileOf(Object.fromEntries(references)));
  writeFileSync(
    join(dir, 'airgap.yaml'),
    `apiVersion: ess-airgap/v1
registry: { server: nodes.example, pushServer: "${target.server}", path: ess }
mirror: { image: "x.example/skopeo:1@sha256:${'0'.repeat(64)}", insecure: ["${from}"] }
`,
  );
  return dir;
}

const pushEnv = () => ({
  REGISTRY_AUTH_FILE: join(directory, 'auth.json'),
  SSL_CERT_FILE: authority.caFile,
});
const load = (...args: string[]): Promise<Run> =>
  runEssAirgap(['load', ...args], { cwd: directory, env: pushEnv() });

/** Makes the target a registry that never had anything: deleted manifests would leave their layers behind. */
function emptyTarget(): void {
  rmSync(join(target.storageDir, 'docker'), { recursive: true, force: true });
}

async function expectLoaded(release: Release): Promise<void> {
  for (const { path, tag, image } of Object.values(release)) {
    const digest = await manifestDigest(target.server, `ess/${path}`, tag, { ...push, ca: authority.ca });
    expect(digest).toBe(image.digest);
  }
}

const blobsIn = (dir: string): string[] => readdirSync(join(dir, 'blobs/sha256'));
const sizeOf = (dir: string): number =>
  readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
const distinct = (release: Release): string[] => {
  const all = Object.values(release).flatMap(({ image }) => [image, ...image.manifests, ...image.blobs]);
  return [...new Set(all.map(({ digest }) => digest.slice(7)))].sort();
};

describe('bundle', () => {
  test('is an OCI layout that holds every blob of the plan once, under checksums of everybody’s tool', () => {
    expect(blobsIn(made).sort()).toEqual(distinct(first));
    expect(readdirSync(made).sort()).toEqual(
      ['SHA256SUMS', 'blobs', 'index.json', 'load.plan', 'load.sh', 'oci-layout'].sort(),
    );
    const check = spawnSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: made });
    expect(check).toMatchObject({ status: 0 });
    const layout = `oci:${made}:${target.server}/ess/element-hq/synapse:v1`;
    const inspected = spawnSync('skopeo', ['inspect', '--raw', layout], { encoding: 'utf8' });
    expect(inspected.stdout).toBe(synapse.data.toString());
  });

  test('the same images make the same bytes', async () => {
    const again = join(directory, 'again');
    const run = await bundle(first, ['--output', again]);
    expect(run.stdout).toMatch(/^.*again: 3 images, \d+ bytes\nload\.plan is sha256:[0-9a-f]{64}; /);
    expect(spawnSync('diff', ['-r', made, again]).status).toBe(0);
  });

  test('an image that cannot be had: exit code 1, all of them named, and no bundle that could be loaded', async () => {
    const output = join(directory, 'missing');
    const gone = makeImage({ name: 'gone' });
    const run = await bundle(
      { ...first, 'sydent/sydent': { path: 'element-hq/sydent', tag: 'v9', image: gone } },
      ['--output', output],
    );
    expect(run.status).toBe(1);
    expect(run.stdout).toContain(
      `failed   ${source.server}/element-hq/sydent:v9@${gone.digest}\n         ${source.server}/element-hq/sydent: there is no ${gone.digest}\n         used by sydent/sydent\n`,
    );
    const mark = target.mark();
    const loading = await load(output);
    expect(loading.status).toBe(2);
    expect(loading.stderr).toContain('holds no bundle');
    expect(target.mark()).toBe(mark);
  });

  test('interrupted, it goes on where it ended', async () => {
    const layer = redis.blobs.find(({ mediaType }) => mediaType.includes('gzip'))?.digest ?? '';
    const slow = await startFaultProxy({
      target: source.url,
      rules: [{ match: ({ path }) => path.endsWith(layer), fault: { delayMs: 60_000 } }],
    });
    const output = join(directory, 'interrupted');
    const cwd = projectOf(first, slow.server);
    const { child, ended } = startEssAirgap(['bundle', '--output', output], { cwd });
    while (!slow.requests.some(({ path }) => path.endsWith(layer))) await sleep(50);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ stdout: '', stderr: '' });
    expect(child.signalCode).toBe('SIGINT');
    expect((await load(output)).status).toBe(2);

    slow.setRules([]);
    // What a run of another plan left is not carried.
    writeFileSync(join(output, 'blobs/sha256', '0'.repeat(64)), 'of another plan');
    const before = slow.requests.length;
    const again = await runEssAirgap(['bundle', '--output', output], { cwd });
    await slow.stop();
    const asked = slow.requests.slice(before).filter(({ path }) => path.includes('/manifests/'));
    expect(asked).toEqual([]);
    expect(again).toMatchObject({ status: 0, stderr: '' });
    expect(blobsIn(output).sort()).toEqual(distinct(first));
    expect(readdirSync(output)).not.toContain('UNFINISHED');
  });

  test('a folder with something in it is left alone', async () => {
    const run = await bundle(first, ['--output', directory]);
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toBe(
      `error: ${directory} is not empty; expected a new folder, or one of an unfinished bundle\n`,
    );
  });

  test('a choice of platforms is refused: a bundle carries all of them', async () => {
    const cwd = projectOf(first);
    const file = join(cwd, 'airgap.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('insecure', 'platforms: [linux/amd64], insecure'));
    const run = await runEssAirgap(['bundle', '--output', 'chosen'], { cwd });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain('error: mirror.platforms is a list, and a bundle carries all platforms\n');
    expect(existsSync(join(cwd, 'chosen'))).toBe(false);
  });

  test('a download that breaks off is taken up where it ended', async () => {
    const layer = synapse.blobs.find(({ size }) => size > 200_000)?.digest ?? '';
    const proxy = await startFaultProxy({
      target: source.url,
      rules: [
        { match: ({ path }) => path.endsWith(layer), times: 1, fault: { reset: 70_000 } },
        { match: ({ path }) => path.endsWith(layer), times: 1, fault: { truncate: 20_000 } },
      ],
    });
    const output = join(directory, 'broken-off');
    const run = await bundle(first, ['--output', output], proxy.server);
    await proxy.stop();
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(blobsIn(output).sort()).toEqual(distinct(first));
    const answers = proxy.requests.filter(({ path }) => path.endsWith(layer)).map(({ status }) => status);
    expect(answers).toEqual([200, 206, 206]);
  });

  test('bytes that are not those of the digest are refused, and another run fetches only them', async () => {
    const layer = redis.blobs.find(({ mediaType }) => mediaType.includes('gzip'))?.digest ?? '';
    const proxy = await startFaultProxy({
      target: source.url,
      rules: [
        { match: ({ path }) => path.endsWith(layer), fault: { rewrite: (body) => body.fill(0, 100, 110) } },
      ],
    });
    const output = join(directory, 'other-bytes');
    const run = await bundle(first, ['--output', output], proxy.server);
    expect(run.status).toBe(1);
    expect(run.stdout).toContain('the registry serves other bytes than its digest says');
    expect(run.stdout).toContain('the same command goes on where this one ended');

    proxy.setRules([]);
    const before = proxy.requests.length;
    const again = await bundle(first, ['--output', output], proxy.server);
    await proxy.stop();
    expect(again).toMatchObject({ status: 0, stderr: '' });
    const blobs = proxy.requests.slice(before).filter(({ path }) => path.includes('/blobs/'));
    expect(blobs.map(({ path }) => path.split('/').at(-1))).toEqual([layer]);
    expect(spawnSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: output }).status).toBe(0);
  });
});

describe('load', () => {
  test.each(['dash', 'bash --posix', 'busybox sh'])(
    'load.sh under %s, without anything of ours',
    async (shell) => {
      emptyTarget();
      const moved = join(directory, `moved to another ${shell}`);
      cpSync(made, moved, { recursive: true });
      const run = spawnSync('sh', ['-c', `${shell} load.sh`], {
        cwd: moved,
        encoding: 'utf8',
        env: { PATH: process.env.PATH, HOME: directory, ...pushEnv() },
      });
      expect(run).toMatchObject({ status: 0 });
      expect(JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '')).toEqual({
        expected: 3,
        copied: 3,
        skipped: 0,
        failed: 0,
      });
      await expectLoaded(first);
    },
  );

  test('pushes every image with its digest, and then has nothing to do', async () => {
    emptyTarget();
    const run = await load(made);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toBe(
      `copied   ${target.server}/ess/element-hq/synapse:v1
copied   ${target.server}/ess/library/nginx:1.10
copied   ${target.server}/ess/library/redis:7.2
3 images: 3 copied, 0 were there already, 0 failed
`,
    );
    await expectLoaded(first);
    const again = await load(made, '--format', 'json');
    expect(again.status).toBe(0);
    expect(
      again.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).result),
    ).toEqual(['skipped', 'skipped', 'skipped', undefined]);
  });

  test('an image of your own is not carried, and has to be in the registry', async () => {
    emptyTarget();
    const cwd = projectOf(first);
    appendFileSync(
      join(cwd, 'airgap.yaml'),
      'overrides: { well_known/nginx: { repository: acme/nginx, tag: "2" } }\n',
    );
    const output = join(directory, 'own');
    const made = await runEssAirgap(['bundle', '--output', output], { cwd });
    expect(made.stdout).toContain('1 images of your own are not in it: load expects them in the registry\n');
    const without = await load(output);
    expect(without.status).toBe(1);
    expect(without.stdout).toContain(
      `failed   ${target.server}/acme/nginx:2\n         this image of your own is not in the registry: `,
    );
    expect(without.stdout).toContain('3 images: 2 copied, 0 were there already, 1 failed');
    await pushImage(target.server, 'acme/nginx', '2', nginx, { ...push, ca: authority.ca });
    const run = await load(output);
    expect(run.status).toBe(0);
    expect(run.stdout).toContain('3 images: 0 copied, 3 were there already, 0 failed');
  });

  test('a registry that refuses the login: exit code 1, the image and why, and no password', async () => {
    emptyTarget();
    const run = await runEssAirgap(['load', made, '--ca', authority.caFile], { cwd: directory });
    expect(run.status).toBe(1);
    expect(run.stdout).toContain(`failed   ${target.server}/ess/library/redis:7.2\n         `);
    expect(run.stdout).toContain('authentication required');
    expect(run.stdout).toContain('3 images: 0 copied, 0 were there already, 3 failed');
  });

  const largest = (dir: string): string => {
    const sizes = blobsIn(dir).map((name) => [statSync(join(dir, 'blobs/sha256', name)).size, name] as const);
    return join(dir, 'blobs/sha256', sizes.sort(([a], [b]) => b - a)[0]?.[1] ?? '');
  };
  const edit = (file: string, change: (text: string) => string): void =>
    writeFileSync(file, change(readFileSync(file, 'utf8')));
  const resum = (dir: string, name: string): void => {
    const sum = spawnSync('sha256sum', [name], { cwd: dir, encoding: 'utf8' }).stdout;
    edit(join(dir, 'SHA256SUMS'), (text) => text.replace(new RegExp(`^.*  ${name}\\n`, 'm'), sum));
  };

  test.each<[string, (dir: string) => void, RegExp]>([
    [
      'a byte that is another',
      (dir) => {
        const bytes = readFileSync(largest(dir));
        bytes[1000] = (bytes[1000] ?? 0) ^ 1;
        writeFileSync(largest(dir), bytes);
      },
      /blobs\/sha256\/[0-9a-f]{64} is missing or damaged/,
    ],
    ['a file that is cut short', (dir) => truncateSync(largest(dir), 5000), /is missing or damaged/],
    ['a file that is missing', (dir) => rmSync(largest(dir)), /is missing or damaged/],
    [
      'a file that is missing, and from the checksums too',
      (dir) => {
        const name = largest(dir).slice(-64);
        rmSync(largest(dir));
        edit(join(dir, 'SHA256SUMS'), (text) => text.replace(new RegExp(`^.*${name}\\n`, 'm'), ''));
      },
      /blobs\/sha256\/[0-9a-f]{64} is missing from all parts/,
    ],
    [
      'checksums that are cut short',
      (dir) => truncateSync(join(dir, 'SHA256SUMS'), 300),
      /load\.plan is not among the checked files/,
    ],
    ['checksums that are missing', (dir) => rmSync(join(dir, 'SHA256SUMS')), /there is no SHA256SUMS in it/],
    [
      'a list of contents that is cut short, with a checksum that is right',
      (dir) => {
        edit(join(dir, 'load.plan'), (text) => `${text.split('\n').slice(0, 6).join('\n')}\n`);
        resum(dir, 'load.plan');
      },
      /load\.plan is cut short/,
    ],
    [
      'a list of contents that leads out of the folder',
      (dir) => {
        edit(join(dir, 'load.plan'), (text) =>
          text.replace(/^(config) [0-9a-f]{64}/m, '$1 ../../../../etc/hostname'),
        );
        resum(dir, 'load.plan');
      },
      /line \d+ of load\.plan is damaged/,
    ],
    [
      'a list of contents that is something else',
      (dir) => edit(join(dir, 'load.plan'), () => 'x\ny\n'),
      /load\.plan/,
    ],
    ['a folder that is none', (dir) => rmSync(join(dir, 'load.plan')), /holds no bundle/],
  ])('%s: exit code 2, and nothing is pushed, nor asked', async (name, damage, says) => {
    const dir = join(directory, `damaged-${name.replace(/\W/g, '-')}`);
    cpSync(made, dir, { recursive: true });
    damage(dir);
    const mark = target.mark();
    const run = await load(dir);
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toMatch(says);
    expect(target.mark()).toBe(mark);
  });
});

describe('--since', () => {
  test('leaves out the layers that the older bundle brought into the same repository, and nothing else', () => {
    const depsHex = synapse.blobs.filter(({ size }) => size > 200_000).map(({ digest }) => digest.slice(7));
    expect(depsHex).toHaveLength(2);
    const there = blobsIn(madeSince);
    for (const hex of depsHex) expect(there).not.toContain(hex);
    // hydrogen's repository is new: the registry does not have the shared base layer there.
    const baseHex = nginx.blobs.find(({ mediaType }) => mediaType.includes('gzip'))?.digest.slice(7);
    expect(there).toContain(baseHex);
    const plan = readFileSync(join(madeSince, 'load.plan'), 'utf8');
    expect(plan).toContain(`absent ${depsHex[0]} `);
    expect(plan).toContain(` ${target.server}/ess/element-hq/synapse@${synapse.digest}\n`);
  });

  test('by the digests file of the older release: the same bytes', async () => {
    const cwd = projectOf(second);
    cpSync(join(projectOf(first), 'images_digests.yml'), join(cwd, 'old.yml'));
    const output = join(directory, 'since-release');
    const run = await runEssAirgap(['bundle', '--output', output, '--since', 'old.yml'], { cwd });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toContain('layers are left out');
    expect(spawnSync('diff', ['-r', madeSince, output]).status).toBe(0);
  });

  test('loads into a registry that has the older bundle', async () => {
    emptyTarget();
    expect((await load(made)).status).toBe(0);
    const run = await load(madeSince);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toContain('4 images: 2 copied, 2 were there already, 0 failed');
    await expectLoaded(second);
  });

  test('without the older bundle nothing is pushed; with its folder everything is', async () => {
    emptyTarget();
    const mark = target.mark();
    const refused = await load(madeSince);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toContain(
      `is neither in ${target.server}/ess/element-hq/synapse@${synapse.digest} nor in the folder of an older bundle: load that first, or name it`,
    );
    expect(target.accessLog(mark).every(({ method }) => method === 'GET')).toBe(true);

    const run = await load(madeSince, made);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    await expectLoaded(second);
  });

  test('a damaged layer in the older folder is found before anything is pushed', async () => {
    emptyTarget();
    const old = join(directory, 'damaged-old');
    cpSync(made, old, { recursive: true });
    const hex = synapse.blobs.find(({ size }) => size > 200_000)?.digest.slice(7) ?? '';
    appendFileSync(join(old, 'blobs/sha256', hex), 'x');
    const run = await load(madeSince, old);
    expect(run.status).toBe(2);
    expect(run.stderr).toContain(`${hex} is damaged`);
  });
});

describe('--split-size', () => {
  const partSize = 128 * 1024;
  let split: string;
  beforeAll(async () => {
    split = join(directory, 'split');
    const run = await bundle(first, ['--output', split, '--split-size', '128KiB']);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toContain(' parts\n');
  });

  test('no part is larger, and each can be checked by itself', () => {
    const parts = readdirSync(split);
    expect(parts).toEqual(parts.map((_, index) => `part-00${index + 1}`));
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) {
      expect(sizeOf(join(split, part))).toBeLessThanOrEqual(partSize);
      const check = spawnSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], {
        cwd: join(split, part),
      });
      expect(check.status).toBe(0);
    }
    // A layer of 200 KB has no room in any part.
    const hex = synapse.blobs.find(({ size }) => size > 200_000)?.digest.slice(7) ?? '';
    const pieces = parts.flatMap((part) => blobsIn(join(split, part))).filter((name) => name.startsWith(hex));
    expect(pieces.sort()).toEqual([`${hex}.1`, `${hex}.2`]);
  });

  test('loads from the parts side by side, and from load.sh in the first', async () => {
    emptyTarget();
    expect(await load(split)).toMatchObject({ status: 0, stderr: '' });
    await expectLoaded(first);
    emptyTarget();
    const run = spawnSync('sh', ['load.sh'], {
      cwd: join(split, 'part-001'),
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: directory, ...pushEnv() },
    });
    expect(run.stdout).toContain('"expected":3,"copied":3,');
    await expectLoaded(first);
  });

  test('a part that is missing, and a piece that is damaged, are found before anything is pushed', async () => {
    const dir = join(directory, 'split-damaged');
    cpSync(split, dir, { recursive: true });
    renameSync(join(dir, 'part-003'), join(directory, 'part-003-elsewhere'));
    const piece = readdirSync(dir).flatMap((part) =>
      blobsIn(join(dir, part))
        .filter((name) => name.endsWith('.1'))
        .map((name) => join(dir, part, 'blobs/sha256', name)),
    )[0] as string;
    truncateSync(piece, 1000);
    const mark = target.mark();
    const run = await load(dir);
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain(`${dir}/part-003 is missing or not complete`);
    expect(run.stderr).toContain(`${piece} is missing or damaged`);
    expect(target.mark()).toBe(mark);
  });

  test('a size that is none, or too small for the list of contents', async () => {
    const wrong = await bundle(first, ['--output', join(directory, 'x'), '--split-size', 'big']);
    expect(wrong).toMatchObject({ status: 2, stdout: '' });
    expect(wrong.stderr).toContain('--split-size "big" is no size; expected one such as 4GB');
    expect(existsSync(join(directory, 'x'))).toBe(false);
    const small = await bundle(first, ['--output', join(directory, 'y'), '--split-size', '1KB']);
    expect(small).toMatchObject({ status: 2, stdout: '' });
    expect(small.stderr).toContain('parts of 1000 bytes are too small');
  });
});
