import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  BundleLab,
  blobsIn,
  distinct,
  first,
  largeLayer,
  nginx,
  planDigest,
  redis,
  second,
  synapse,
} from '../support/bundles.ts';
import { runEssAirgap, startEssAirgap } from '../support/cli-process.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { makeImage } from '../support/images.ts';

// `ess-airgap bundle` from a real registry.

let lab: BundleLab;
/** The bundle of the first release, made once and only read, and that of the second since it. */
let made: string;
let madeSince: string;

beforeAll(async () => {
  ({ lab, made, madeSince } = await BundleLab.startWithBundles());
});
afterAll(() => lab?.stop());

const sha256sum = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
const replaceBy = (path: string, make: (path: string) => void): void => {
  rmSync(path);
  make(path);
};
const sizeOf = (dir: string): number =>
  readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);

describe('bundle', () => {
  test('is an OCI layout that holds every blob of the plan once, with checksums for sha256sum', () => {
    expect(blobsIn(made).sort()).toEqual(distinct(first));
    expect(readdirSync(made).sort()).toEqual(
      ['SHA256SUMS', 'blobs', 'index.json', 'load.plan', 'load.sh', 'oci-layout'].sort(),
    );
    const check = spawnSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: made });
    expect(check).toMatchObject({ status: 0 });
    const layout = `oci:${made}:${lab.target.server}/ess/element-hq/synapse:v1`;
    const inspected = spawnSync('skopeo', ['inspect', '--raw', layout], { encoding: 'utf8' });
    expect(inspected.stdout).toBe(synapse.data.toString());
    // Other tools read it, too: skopeo copies an image out of the layout, byte by byte.
    const copied = spawnSync('skopeo', ['copy', '--all', layout, `dir:${lab.directory}/copied`], {
      encoding: 'utf8',
    });
    expect(copied).toMatchObject({ status: 0 });
    expect(readFileSync(join(lab.directory, 'copied/manifest.json'), 'utf8')).toBe(synapse.data.toString());
  });

  test('the same images make the same bytes', async () => {
    const again = join(lab.directory, 'again');
    const run = await lab.bundle(first, ['--output', again]);
    const groups = planDigest(again).slice(7).match(/.{8}/g) ?? [];
    const script = sha256sum(join(again, 'load.sh')).match(/.{8}/g) ?? [];
    expect(run.stdout).toMatch(/^.*again: 3 images, \d+\.\d kB\n/);
    expect(run.stdout).toContain(`
Carry these digests to the other side on paper or over another channel, not on the medium:
  load.plan  sha256: ${groups.slice(0, 4).join(' ')}
                     ${groups.slice(4).join(' ')}
  load.sh    sha256: ${script.slice(0, 4).join(' ')}
                     ${script.slice(4).join(' ')}

Next: carry ${again} to the other side. There, with ess-airgap:
  ess-airgap load ${again} --digest ${planDigest(again)}
or without it, if sha256sum prints the digest above for load.sh:
  sha256sum ${again}/load.sh
  sh ${again}/load.sh --digest ${planDigest(again)}
`);
    expect(spawnSync('diff', ['-r', made, again]).status).toBe(0);
  });

  test('an image that cannot be had: exit code 1, all of them named, and no bundle that could be loaded', async () => {
    const output = join(lab.directory, 'missing');
    const gone = makeImage({ name: 'gone' });
    const run = await lab.bundle(
      { ...first, 'sydent/sydent': { path: 'element-hq/sydent', tag: 'v9', image: gone } },
      ['--output', output],
    );
    expect(run.status).toBe(1);
    expect(run.stdout).toContain(
      `failed   ${lab.source.server}/element-hq/sydent:v9@${gone.digest}\n         ${lab.source.server}/element-hq/sydent: there is no ${gone.digest}\n         used by sydent/sydent\n`,
    );
    const mark = lab.target.mark();
    const loading = await lab.loadUnchecked(output);
    expect(loading.status).toBe(2);
    expect(loading.stderr).toContain('is a bundle that is not complete');
    expect(lab.target.mark()).toBe(mark);
  });

  test('interrupted, it continues where it stopped', async () => {
    const layer = redis.blobs.find(({ mediaType }) => mediaType.includes('gzip'))?.digest ?? '';
    const slow = await startFaultProxy({
      target: lab.source.url,
      rules: [{ match: ({ path }) => path.endsWith(layer), fault: { delayMs: 60_000 } }],
    });
    const output = join(lab.directory, 'interrupted');
    const cwd = lab.projectOf(first, slow.server);
    const { child, ended } = startEssAirgap(['bundle', '--output', output], { cwd });
    while (!slow.requests.some(({ path }) => path.endsWith(layer))) await sleep(50);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ stdout: '', stderr: '' });
    expect(child.signalCode).toBe('SIGINT');
    expect((await lab.loadUnchecked(output)).status).toBe(2);

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

  describe('continues over what an interrupted run left', () => {
    const large = largeLayer(synapse);
    const blob = (output: string, name: string): string => join(output, 'blobs/sha256', name);
    const rest = (bytes: number): Buffer =>
      Buffer.from(synapse.blobs.find(({ digest }) => digest.endsWith(large))?.data.subarray(0, bytes) ?? []);

    test.each<[string, (output: string) => void, 'all' | 'rest' | 'nothing']>([
      ['an empty layer', (output) => writeFileSync(blob(output, large), ''), 'all'],
      ['a layer that is cut short', (output) => truncateSync(blob(output, large), 1000), 'all'],
      [
        'a layer with other bytes',
        (output) => writeFileSync(blob(output, large), Buffer.alloc(statSync(blob(output, large)).size)),
        'all',
      ],
      ['a layer that is longer', (output) => appendFileSync(blob(output, large), 'x'), 'all'],
      [
        'a folder instead of a layer',
        (output) => replaceBy(blob(output, large), (path) => mkdirSync(path)),
        'all',
      ],
      [
        'the beginning of a layer',
        (output) => replaceBy(blob(output, large), (path) => writeFileSync(`${path}.partial`, rest(50_000))),
        'rest',
      ],
      [
        'all of a layer that has no name yet',
        (output) => renameSync(blob(output, large), `${blob(output, large)}.partial`),
        'nothing',
      ],
      [
        'a beginning that is wrong',
        (output) =>
          replaceBy(blob(output, large), (path) => writeFileSync(`${path}.partial`, 'x'.repeat(50_000))),
        'all',
      ],
      [
        'a beginning that is longer than the layer',
        (output) =>
          replaceBy(blob(output, large), (path) => writeFileSync(`${path}.partial`, 'x'.repeat(500_000))),
        'all',
      ],
      ['an empty manifest', (output) => writeFileSync(blob(output, synapse.digest.slice(7)), ''), 'nothing'],
      ['a whole bundle but for its last step', () => {}, 'nothing'],
    ])('%s', async (name, damage, downloads) => {
      const output = join(lab.directory, `left-${name.replace(/\W/g, '-')}`);
      cpSync(made, output, { recursive: true });
      writeFileSync(join(output, 'UNFINISHED'), '');
      damage(output);
      const mark = lab.source.mark();
      const run = await lab.bundle(first, ['--output', output]);
      expect(run).toMatchObject({ status: 0, stderr: '' });
      expect(spawnSync('diff', ['-r', made, output]).stdout.toString()).toBe('');
      const statuses = lab.source
        .accessLog(mark)
        .filter(({ path }) => path.includes('/blobs/'))
        .map(({ status }) => status);
      const expected = { all: [200], rest: [206], nothing: [] }[downloads];
      // A wrong beginning is first continued.
      expect(statuses.at(-1)).toBe(expected.at(-1));
    });

    test('parts: everything that was distributed is taken back', async () => {
      const output = join(lab.directory, 'left-parts');
      const args = ['--output', output, '--split-size', '128KiB'];
      expect((await lab.bundle(first, args)).status).toBe(0);
      const split = join(lab.directory, 'left-parts-copy');
      cpSync(output, split, { recursive: true });
      // As if it had been interrupted after all but the first part was written.
      writeFileSync(join(output, 'UNFINISHED'), '');
      const mark = lab.source.mark();
      expect(await lab.bundle(first, args)).toMatchObject({ status: 0, stderr: '' });
      expect(spawnSync('diff', ['-r', split, output]).stdout.toString()).toBe('');
      // Only what was cut into pieces is downloaded again.
      const again = lab.source.accessLog(mark).filter(({ path }) => path.includes('/blobs/'));
      expect(again.map(({ path }) => path.split(':').at(-1)).sort()).toEqual(
        synapse.blobs
          .filter(({ size }) => size > 200_000)
          .map(({ digest }) => digest.slice(7))
          .sort(),
      );
    });

    test('a connection that is reset while the beginning is hashed: no crash, an error in words, and it continues', async () => {
      const proxy = await startFaultProxy({
        target: lab.source.url,
        rules: [{ match: ({ path }) => path.endsWith(large), fault: { reset: 100 } }],
      });
      const output = join(lab.directory, 'reset');
      mkdirSync(join(output, 'blobs/sha256'), { recursive: true });
      writeFileSync(join(output, 'UNFINISHED'), '');
      writeFileSync(blob(output, `${large}.partial`), rest(150_000));
      const run = await lab.bundle(first, ['--output', output], proxy.server);
      expect(run).toMatchObject({ status: 1, stderr: '' });
      // A reset may take bytes with it that had arrived but were not read yet.
      expect(run.stdout).toMatch(/complete \(ECONNRESET\), 5 times; 150\d00 of \d+ bytes are there/);
      expect(run.stdout).toContain('run the same command again to continue');
      proxy.setRules([]);
      const again = await lab.bundle(first, ['--output', output], proxy.server);
      await proxy.stop();
      expect(again).toMatchObject({ status: 0, stderr: '' });
    });
  });

  test('a folder with something in it is left alone', async () => {
    const run = await lab.bundle(first, ['--output', lab.directory]);
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toBe(
      `error: ${lab.directory} is not empty; expected a new folder, or one that an interrupted bundle left\n    Name another folder.\n`,
    );
    const complete = await lab.bundle(first, ['--output', made]);
    expect(complete.stderr).toContain('It has a complete bundle.');
    expect(spawnSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: made }).status).toBe(0);
  });

  test('a download that breaks off is taken up where it ended', async () => {
    const layer = synapse.blobs.find(({ size }) => size > 200_000)?.digest ?? '';
    const proxy = await startFaultProxy({
      target: lab.source.url,
      rules: [
        { match: ({ path }) => path.endsWith(layer), times: 1, fault: { truncate: 70_000 } },
        { match: ({ path }) => path.endsWith(layer), times: 1, fault: { truncate: 20_000 } },
      ],
    });
    const output = join(lab.directory, 'broken-off');
    const run = await lab.bundle(first, ['--output', output], proxy.server);
    await proxy.stop();
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(blobsIn(output).sort()).toEqual(distinct(first));
    const answers = proxy.requests.filter(({ path }) => path.endsWith(layer)).map(({ status }) => status);
    expect(answers).toEqual([200, 206, 206]);
  });

  test('bytes that are not those of the digest are refused, and another run fetches only them', async () => {
    const layer = redis.blobs.find(({ mediaType }) => mediaType.includes('gzip'))?.digest ?? '';
    const proxy = await startFaultProxy({
      target: lab.source.url,
      rules: [
        { match: ({ path }) => path.endsWith(layer), fault: { rewrite: (body) => body.fill(0, 100, 110) } },
      ],
    });
    const output = join(lab.directory, 'other-bytes');
    const run = await lab.bundle(first, ['--output', output], proxy.server);
    expect(run.status).toBe(1);
    expect(run.stdout).toContain('the registry sends bytes that do not have this digest');
    expect(run.stdout).toContain('run the same command again to continue');

    proxy.setRules([]);
    const before = proxy.requests.length;
    const again = await lab.bundle(first, ['--output', output], proxy.server);
    await proxy.stop();
    expect(again).toMatchObject({ status: 0, stderr: '' });
    const blobs = proxy.requests.slice(before).filter(({ path }) => path.includes('/blobs/'));
    expect(blobs.map(({ path }) => path.split('/').at(-1))).toEqual([layer]);
    expect(spawnSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: output }).status).toBe(0);
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
    expect(plan).toContain(`absent sha256:${depsHex[0]} `);
    expect(plan).toContain(` ${lab.target.server}/ess/element-hq/synapse@${synapse.digest}\n`);
  });

  test('by the digests file of the older release: the same bytes', async () => {
    const cwd = lab.projectOf(second);
    cpSync(join(lab.projectOf(first), 'images_digests.yml'), join(cwd, 'old.yml'));
    const output = join(lab.directory, 'since-release');
    const run = await runEssAirgap(['bundle', '--output', output, '--since', 'old.yml'], { cwd });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toContain('layers left out');
    expect(spawnSync('diff', ['-r', madeSince, output]).status).toBe(0);
  });
});

describe('--split-size', () => {
  const partSize = 128 * 1024;
  let split: string;
  beforeAll(async () => {
    split = join(lab.directory, 'split');
    const run = await lab.bundle(first, ['--output', split, '--split-size', '128KiB']);
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
    const lines = readFileSync(join(split, 'part-001/load.plan'), 'utf8').split('\n');
    const at = lines.findIndex((line) => line.startsWith(`layer sha256:${largeLayer(synapse)} `));
    expect(lines[at]).toMatch(/ -$/);
    const pieces = lines
      .slice(at + 1, at + 3)
      .map((line) => /^piece sha256:(\S+) \d+ (\d)$/.exec(line) ?? []);
    const bytes = pieces.map(([, hex = '', part]) =>
      readFileSync(join(split, `part-00${part}`, 'blobs/sha256', hex)),
    );
    expect(createHash('sha256').update(Buffer.concat(bytes)).digest('hex')).toBe(largeLayer(synapse));
    // Every file of the layout is named by its digest, the pieces too.
    for (const part of parts) {
      const dir = join(split, part, 'blobs/sha256');
      for (const name of readdirSync(dir)) expect(sha256sum(join(dir, name))).toBe(name);
    }
  });

  test('a size that is none, or too small for the list of contents', async () => {
    const wrong = await lab.bundle(first, ['--output', join(lab.directory, 'x'), '--split-size', 'big']);
    expect(wrong).toMatchObject({ status: 2, stdout: '' });
    expect(wrong.stderr).toContain('--split-size "big" is not a size; expected a size such as 4GB');
    expect(existsSync(join(lab.directory, 'x'))).toBe(false);
    const small = await lab.bundle(first, ['--output', join(lab.directory, 'y'), '--split-size', '1KB']);
    expect(small).toMatchObject({ status: 2, stdout: '' });
    expect(small.stderr).toContain('parts of 1000 bytes are too small');
  });
});
