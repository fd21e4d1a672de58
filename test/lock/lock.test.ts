import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseRelease } from '../../lib/digests/read.ts';
import { formatReference } from '../../lib/index.ts';
import { CHART, chartValues, packagedChart } from '../support/chart.ts';
import { folder } from '../support/cli.ts';
import { runEssAirgap } from '../support/cli-process.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { makeImage, pushImage } from '../support/images.ts';
import { type Registry, startRegistry } from '../support/registry.ts';

const digests = new Map<string, string>();
let registry: Registry;
let proxy: FaultProxy;

async function push(repository: string, tag: string, name = `${repository}:${tag}`): Promise<string> {
  const { digest } = await pushImage(registry.server, repository, tag, makeImage({ name }));
  digests.set(`${repository}:${tag}`, digest);
  return digest;
}

const images = () =>
  [...readFileSync(`${CHART}/values.yaml`, 'utf8').matchAll(/repository: (\S+)\n\s+tag: "?([^"\n]+)"?/g)].map(
    ([, repository = '', tag = '']) => ({ repository, tag }),
  );

beforeAll(async () => {
  registry = await startRegistry();
  proxy = await startFaultProxy({ target: registry.url });
  for (const { repository, tag } of images()) await push(repository, tag);
}, 60_000);
afterAll(async () => {
  await proxy.stop();
  await registry.stop();
});
beforeEach(() => proxy.setRules([]));

/** A folder with the chart's values, whose registry is the test's, and a configuration that lets it speak plain HTTP. */
function workspace(files: Readonly<Record<string, string>> = {}, server = proxy.server): string {
  return folder({
    'values.yaml': chartValues(server),
    'airgap.yaml': `apiVersion: ess-airgap/v1
registry: { server: localregistry.local }
mirror: { image: "quay.io/skopeo/stable@sha256:${'a'.repeat(64)}", insecure: ["${server}"] }
`,
    ...files,
  });
}

const lock = (cwd: string, ...args: string[]) => runEssAirgap(['lock', ...args], { cwd });
const VALUES = ['values.yaml', '--chart-version', '26.8.0'];
const LOCK = ['--output', 'lock.yml'];
const read = (cwd: string, name = 'lock.yml'): string => readFileSync(join(cwd, name), 'utf8');

describe('a chart', () => {
  test('every image gets the digest of its index; the file is what all commands read', async () => {
    const cwd = workspace();
    const run = await lock(cwd, ...VALUES, ...LOCK);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toBe(
      'matrix-stack 26.8.0: 14 containers, 14 distinct images, no signatures, attestations or SBOMs, disabled: hookshot/image, matrixAuthenticationService.syn2mas/image\nlock.yml was written.\n',
    );
    const { info, images: locked } = parseRelease(read(cwd), 'lock.yml');
    expect(info).toEqual({
      product: 'ess-helm',
      chart: 'matrix-stack',
      version: '26.8.0',
      pullSecrets: 'image.pullSecrets',
    });
    expect(locked.map(({ image }) => image.digest)).toEqual(
      locked.map(({ image }) => digests.get(`${image.repository}:${image.tag}`)),
    );
    expect(locked.every(({ digestFromTag }) => digestFromTag)).toBe(true);
    expect(locked.find(({ component }) => component === 'hookshot')?.enabled).toBe(false);
  });

  test('to standard output: the same bytes, and nothing else', async () => {
    const cwd = workspace();
    await lock(cwd, ...VALUES, ...LOCK);
    const run = await lock(cwd, ...VALUES);
    expect(run.stdout).toBe(read(cwd));
    expect(run.stderr).toMatch(/^matrix-stack 26\.8\.0: 14 containers/);
    const withoutConfig = await runEssAirgap(['lock', ...VALUES], {
      cwd: folder({ 'values.yaml': chartValues(proxy.server) }),
    });
    expect(withoutConfig).toMatchObject({ status: 2, stdout: '' });
  });

  test('a chart in a registry is a line of the lock itself', async () => {
    const chart = packagedChart(chartValues(proxy.server));
    await pushImage(registry.server, 'charts/matrix-stack', '26.8.0', chart);
    const cwd = workspace();
    const run = await lock(cwd, `oci://${proxy.server}/charts/matrix-stack:26.8.0`, ...LOCK);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    const { info } = parseRelease(read(cwd), 'lock.yml');
    expect(info.product === 'ess-helm' && info.artifact && formatReference(info.artifact)).toBe(
      `${proxy.server}/charts/matrix-stack:26.8.0@${chart.digest}`,
    );
    // The same by its digest, and by a lock that has it.
    const byDigest = await lock(cwd, `oci://${proxy.server}/charts/matrix-stack@${chart.digest}`);
    expect(byDigest.stdout).toBe(read(cwd));
    expect(await lock(cwd, 'lock.yml', '--check')).toMatchObject({ status: 0 });
  });

  test.each([
    ['an image', 'synapse:v1.159.0', /is not a Helm chart/],
    ['a version that does not exist', 'charts/matrix-stack:1.0.0', /does not have this chart/],
    ['no version', 'charts/matrix-stack', /has neither a version nor a digest/],
  ])('oci:// that is %s', async (_, name, expected) => {
    const cwd = workspace();
    const run = await lock(cwd, `oci://${proxy.server}/${name}`, ...LOCK);
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toMatch(expected);
    expect(existsSync(join(cwd, 'lock.yml'))).toBe(false);
  });

  test("the user's values: another image, one more container, a component switched on", async () => {
    const digest = await push('acme/wait', '1');
    await push('synapse', 'v1.160.0');
    const cwd = workspace({
      'one.yaml': 'synapse: { image: { tag: v1.160.0-wrong } }\n',
      'two.yaml': `synapse:
  image: { tag: v1.160.0 }
  extraInitContainers: [{ name: wait, image: "${proxy.server}/acme/wait:1" }]
hookshot: { enabled: true }
`,
    });
    const run = await lock(cwd, ...VALUES, '--values', 'one.yaml', '--values', 'two.yaml', ...LOCK);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    const { images: locked } = parseRelease(read(cwd), 'lock.yml');
    const named = (component: string) => locked.find((image) => image.component === component);
    expect(named('synapse')?.image.tag).toBe('v1.160.0');
    expect(named('hookshot')?.enabled).toBeUndefined();
    expect(named('synapse.extraInitContainers.wait')).toMatchObject({
      inline: true,
      image: { tag: '1', digest },
    });
  });

  test('the values that airgap.yaml names, and an image that is in the local registry already', async () => {
    const mine = `synapse:
  image: { tag: v1.160.0 }
  extraInitContainers: [{ name: wait, image: "localregistry.local/acme/wait:1" }]
`;
    const cwd = workspace({ 'mine.yaml': mine });
    appendFileSync(join(cwd, 'airgap.yaml'), 'helm: { values: [mine.yaml] }\n');
    expect(await lock(cwd, ...VALUES, ...LOCK)).toMatchObject({ status: 0, stderr: '' });
    const { images: locked } = parseRelease(read(cwd), 'lock.yml');
    expect(locked.find(({ component }) => component === 'synapse')?.image.tag).toBe('v1.160.0');
    const own = locked.find(({ component }) => component === 'synapse.extraInitContainers.wait');
    expect(own?.image).toEqual({ registry: 'localregistry.local', repository: 'acme/wait', tag: '1' });
  });

  test('a digest that the values name stays, and its tag is not asked for', async () => {
    const digest = await push('synapse', 'other');
    const cwd = workspace({ 'mine.yaml': `synapse: { image: { digest: "${digest}" } }\n` });
    const since = proxy.requests.length;
    expect(await lock(cwd, ...VALUES, '--values', 'mine.yaml', ...LOCK)).toMatchObject({ status: 0 });
    const { images: locked } = parseRelease(read(cwd), 'lock.yml');
    const synapse = locked.find(({ component }) => component === 'synapse');
    expect(synapse).toMatchObject({ image: { digest, tag: 'v1.159.0' } });
    expect(synapse?.digestFromTag).toBeUndefined();
    expect(proxy.requests.slice(since).some(({ path }) => path.endsWith('/synapse/manifests/v1.159.0'))).toBe(
      false,
    );
  });
});

describe('tags that move', () => {
  test('--check says which and exits 1; a new run changes only their lines', async () => {
    const cwd = workspace();
    await lock(cwd, ...VALUES, ...LOCK);
    const before = read(cwd);
    expect(await lock(cwd, 'lock.yml', '--check')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^lock\.yml is up to date\.$/m),
    });
    const old = digests.get('postgres:17-alpine') ?? '';
    const now = await push('postgres', '17-alpine', 'a newer one');
    const check = await lock(cwd, 'lock.yml', '--check');
    expect(check.status).toBe(1);
    expect(check.stdout).toContain(
      `    same tag with a new digest, ${old.slice(0, 19)} became ${now.slice(0, 19)}\n      in postgres/image\n`,
    );
    expect(check.stdout).toMatch(/^lock\.yml is not up to date\.$/m);
    expect(read(cwd)).toBe(before);
    // The same question about the chart.
    expect(await lock(cwd, ...VALUES, ...LOCK, '--check')).toMatchObject({ status: 1 });

    expect(await lock(cwd, 'lock.yml', ...LOCK)).toMatchObject({ status: 0 });
    expect(read(cwd).split('\n').sort()).toEqual(before.replaceAll(old, now).split('\n').sort());
    expect(await lock(cwd, 'lock.yml', ...LOCK)).toMatchObject({
      stdout: expect.stringMatching(/^lock\.yml is unchanged\.$/m),
    });
  });

  test('a newer chart: what it re-tags, adds and drops', async () => {
    await push('synapse', 'v1.161.0');
    const cwd = workspace();
    await lock(cwd, ...VALUES, ...LOCK);
    const newer = chartValues(proxy.server, (text) =>
      text
        .replace('v1.159.0', 'v1.161.0')
        .replace('hookshot:\n  enabled: false', 'hookshot:\n  enabled: true')
        .replace(/ {2}redisExporter:\n(?: {4}.*\n)*/, ''),
    );
    writeFileSync(join(cwd, 'values.yaml'), newer);
    const run = await lock(cwd, 'values.yaml', '--chart-version', '26.9.0', ...LOCK);
    expect(run.status).toBe(0);
    expect(run.stdout).toContain('~ matrix-stack 26.8.0 became matrix-stack 26.9.0\n');
    expect(run.stdout).toContain('re-tagged from v1.159.0 to v1.161.0');
    expect(run.stdout).toMatch(/- redis\.redisExporter\/image/);
    expect(run.stdout).toContain('~ hookshot/image is now enabled');
  });

  test('--check needs something to compare with', async () => {
    const run = await lock(workspace(), ...VALUES, '--check');
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toMatch(/--check needs a digests file.*\n.*--output images_digests\.yml/);
  });
});

describe('a release of the installer', () => {
  const classic = (server: string) => `images_digests:
  synapse:
    redis: { image_repository_path: library/redis, image_repository_server: "${server}", image_tag: 7.4-alpine }
    synapse: { image_repository_path: synapse, image_repository_server: "${server}", image_tag: v1.159.0, image_digest: "${digests.get('synapse:v1.159.0')}" }
`;

  test('gets the digests that it does not name, and keeps those that it does', async () => {
    const cwd = workspace({ 'images_digests.yml': classic(proxy.server) });
    const check = await lock(cwd, 'images_digests.yml', '--check');
    expect(check.status).toBe(1);
    expect(check.stdout).toMatch(/now has a digest/);
    expect(await lock(cwd, 'images_digests.yml', '-o', 'images_digests.yml')).toMatchObject({ status: 0 });
    const { info, images: locked } = parseRelease(read(cwd, 'images_digests.yml'), 'd.yml');
    expect(info).toEqual({ product: 'classic' });
    expect(locked.map(({ image, digestFromTag }) => [image.digest, digestFromTag])).toEqual([
      [digests.get('library/redis:7.4-alpine'), true],
      [digests.get('synapse:v1.159.0'), undefined],
    ]);
    expect(await lock(cwd, 'images_digests.yml', '--check')).toMatchObject({ status: 0 });
    expect(await runEssAirgap(['plan', '--format', 'csv'], { cwd })).toMatchObject({ status: 0 });
  });

  test('takes no Helm values', async () => {
    const cwd = workspace({ 'images_digests.yml': classic(proxy.server) });
    const run = await lock(cwd, 'images_digests.yml', '--values', 'values.yaml');
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toMatch(/^error: --values does not apply here/);
  });
});

describe('if a digest cannot be had, nothing is written', () => {
  const untouched = async (cwd: string, ...args: string[]) => {
    writeFileSync(
      join(cwd, 'lock.yml'),
      'images_digests: { a: { b: { image_repository_server: r.example, image_repository_path: x, image_tag: t } } }\n',
    );
    const before = read(cwd);
    const run = await lock(cwd, ...(args.length > 0 ? args : [...VALUES, ...LOCK]));
    expect(read(cwd)).toBe(before);
    expect(run.stdout).toBe('');
    return run;
  };

  test('tags that do not exist are all named; exit code 1', async () => {
    const cwd = workspace({
      'mine.yaml': 'synapse: { image: { tag: v0 } }\nredis: { image: { tag: v0 } }\n',
    });
    const run = await untouched(cwd, ...VALUES, '--values', 'mine.yaml', ...LOCK);
    expect(run.status).toBe(1);
    expect(run.stderr).toBe(
      `error: the registry does not have this tag
    ${proxy.server}/library/redis:v0  in redis/image
    ${proxy.server}/synapse:v0  in synapse/image
No digest was found for 2 tags, so nothing was written.
`,
    );
  });

  test('a registry that cannot be reached: one cause, all that it concerns; exit code 2', async () => {
    const gone = await startFaultProxy({ target: registry.url });
    const cwd = workspace({}, gone.server);
    await gone.stop();
    const run = await untouched(cwd);
    expect(run.status).toBe(2);
    expect(run.stderr.match(/^error: /gm)).toHaveLength(1);
    expect(run.stderr).toMatch(/No digest was found for 14 tags, so nothing was written\.\n$/);
  }, 120_000);

  test('a registry that is rate-limited waits as it is asked, and goes on', async () => {
    proxy.setRules([
      { match: { path: /\/manifests\// }, times: 3, fault: { status: 429, headers: { 'retry-after': '1' } } },
    ]);
    const run = await lock(workspace(), ...VALUES);
    expect(run.status).toBe(0);
  });

  test('a registry that stays rate-limited', async () => {
    proxy.setRules([
      {
        match: { path: /\/manifests\/v1\.159\.0/ },
        fault: { status: 429, headers: { 'retry-after': '900' } },
      },
    ]);
    const run = await untouched(workspace());
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/429/);
    expect(run.stderr).toMatch(/No digest was found for 1 tag, so nothing was written\.\n$/);
  });

  test('a registry whose header says another digest than its manifest has', async () => {
    const lie = `sha256:${'9'.repeat(64)}`;
    proxy.setRules([
      {
        match: { method: 'HEAD', path: /\/synapse\/manifests\/v1\.159\.0/ },
        fault: { status: 200, headers: { 'docker-content-digest': lie } },
      },
    ]);
    const run = await untouched(workspace());
    expect(run.status).toBe(2);
    expect(run.stderr).toContain(lie);
  });

  test('files that are wrong', async () => {
    const cwd = workspace({ 'mine.yaml': 'synapse: { image: { registry: null } }\n' });
    const run = await untouched(cwd, ...VALUES, '--values', 'mine.yaml', ...LOCK);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/^mine\.yaml:1:21: error: these values remove the image synapse\.image/);
  });
});
