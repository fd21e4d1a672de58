import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { makeImage, pushImage } from '../../test/support/images.ts';
import { startReferrersApi } from '../../test/support/referrers-api.ts';
import { startRegistry, tags } from '../../test/support/registry.ts';
import { digestsFileOf } from '../../test/support/release.ts';

// Signed by the real clients at the source, copied by us, found and verified by the real clients at the target.

const [work = ''] = process.argv.slice(2);
const execute = promisify(execFile);
let passed = 0;

/** Not synchronous: the registry with the referrers API runs in this process. */
async function run(cwd: string, program: string, ...args: string[]): Promise<string> {
  const env = { PATH: process.env.PATH, HOME: work, TMPDIR: work, NO_COLOR: '1', COSIGN_PASSWORD: '' };
  try {
    return (await execute(program, args, { cwd, env, timeout: 120_000, maxBuffer: 64e6 })).stdout;
  } catch (error) {
    const { stdout = '', stderr = '', code } = error as { stdout?: string; stderr?: string; code?: unknown };
    throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
  }
}

async function check(what: string, holds: () => Promise<void>): Promise<void> {
  await holds();
  passed += 1;
  console.log(`ok  ${what}`);
}

function same(found: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(found, null, 1), JSON.stringify(expected, null, 1)];
  if (a !== b) throw new Error(`found ${a}\nexpected ${b}`);
}

/** Where a client has to look for referrers: at a tag, or by the API. */
type Scheme = 'tag' | 'api';

interface Referrer {
  digest: string;
  artifactType: string;
  referrers?: Referrer[];
}

/** What `oras discover` finds, down to the signatures of SBOMs. */
async function discover(image: string, scheme: Scheme): Promise<Referrer[]> {
  const spec = ['--distribution-spec', `v1.1-referrers-${scheme}`];
  const printed = await run(
    work,
    'oras',
    'discover',
    '--plain-http',
    ...spec,
    '--depth',
    '5',
    '--format',
    'json',
    image,
  );
  // By the specification a list repeats the annotations of each manifest. The one that cosign writes at a tag lacks them, and
  // a registry with the API has them, as ours has.
  const simplify = ({ digest, artifactType, referrers = [] }: Referrer): Referrer => ({
    digest,
    artifactType,
    referrers: referrers.map(simplify),
  });
  const { referrers = [] } = JSON.parse(printed) as { referrers?: Referrer[] };
  return referrers.map(simplify).sort((a, b) => (a.digest < b.digest ? -1 : 1));
}

const key = join(work, 'k.key');
const publicKey = join(work, 'k.pub');
const registry = ['--allow-http-registry'];
const noLog = ['--key', publicKey, '--insecure-ignore-tlog', ...registry];
const attestation = ['--type', 'https://example.com/build'];

const [source, target, other] = await Promise.all([startRegistry(), startRegistry(), startRegistry()]);
const api = await startReferrersApi(other.server);
try {
  const modern = makeImage({ name: 'modern' });
  const classic = makeImage({ name: 'classic', architectures: ['amd64'] });
  await pushImage(source.server, 'element-hq/synapse', 'v1', modern);
  await pushImage(source.server, 'element-hq/element-web', 'v1', classic);
  // By a registry, or a path in one.
  const synapse = (place: string) => `${place}/element-hq/synapse@${modern.digest}`;
  const web = (place: string) => `${place}/element-hq/element-web@${classic.digest}`;
  const amd64 = (place: string) => `${place}/element-hq/synapse@${modern.manifests[0]?.digest}`;

  writeFileSync(join(work, 'predicate.json'), '{"builder":"test"}');
  await run(work, 'cosign-v3', 'generate-key-pair', '--output-key-prefix', 'k');
  const offline = ['--key', key, '--tlog-upload=false', '--yes', ...registry];
  const predicate = ['--predicate', 'predicate.json', ...attestation];
  await run(work, 'cosign-v3', 'sign', '--use-signing-config=false', ...offline, synapse(source.server));
  await run(
    work,
    'cosign-v3',
    'attest',
    '--use-signing-config=false',
    ...offline,
    ...predicate,
    synapse(source.server),
  );
  await run(work, 'cosign-v3', 'sign', '--use-signing-config=false', ...offline, amd64(source.server));
  await run(work, 'cosign-v2', 'sign', ...offline, web(source.server));
  await run(work, 'cosign-v2', 'attest', ...offline, ...predicate, web(source.server));
  const attach = ['attach', '--plain-http', '--artifact-type', 'application/spdx+json', '--format', 'json'];
  const sbom = JSON.parse(
    await run(
      work,
      'oras',
      ...attach,
      '--annotation',
      'team=build',
      synapse(source.server),
      'predicate.json:application/json',
    ),
  ) as { digest: string };
  // A signature of the SBOM.
  await run(
    work,
    'oras',
    ...attach,
    `${source.server}/element-hq/synapse@${sbom.digest}`,
    'predicate.json:application/json',
  );

  /** A folder with a deployment of these images into a registry, with a lock of its own. */
  async function deployment(server: string, profile: string, path: string): Promise<string> {
    const folder = join(work, `${profile}-${path}`);
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'release.yml'),
      digestsFileOf({
        'synapse/synapse': `${source.server}/element-hq/synapse:v1`,
        'element-web/element-web': `${source.server}/element-hq/element-web:v1`,
      }),
    );
    writeFileSync(
      join(folder, 'airgap.yaml'),
      `apiVersion: ess-airgap/v1
registry: { server: "${server}", path: ${path}, profile: ${profile} }
mirror: { image: "${server}/skopeo@${modern.digest}", insecure: ["${source.server}", "${server}"] }
`,
    );
    await essAirgap(folder, 'lock', 'release.yml', '--output', 'images_digests.yml');
    return folder;
  }
  function essAirgap(folder: string, ...args: string[]): Promise<string> {
    return run(folder, process.execPath, resolve('build/ess-airgap.cjs'), ...args);
  }

  const report = (text: string): unknown => JSON.parse(text.trim().split('\n').at(-1) ?? '');

  /** The ways to copy a deployment, by the path that the images get in the registry; each returns its last line. */
  const ways: Readonly<Record<string, (folder: string, server: string) => Promise<unknown>>> = {
    mirror: async (folder) => report(await essAirgap(folder, 'mirror', '--no-preflight', '--format', 'json')),
    load: async (folder) => {
      const digest = await bundled(folder);
      return report(await essAirgap(folder, 'load', 'bundle', '--digest', digest, '--format', 'json'));
    },
    'load.sh': async (folder, server) => {
      const digest = await bundled(folder);
      const command = `ESS_AIRGAP_INSECURE=${server} sh bundle/load.sh --digest ${digest}`;
      return report(await run(folder, 'sh', '-c', command));
    },
  };
  async function bundled(folder: string): Promise<string> {
    const plan = join(folder, 'bundle/load.plan');
    if (!existsSync(plan)) await essAirgap(folder, 'bundle', '--output', 'bundle');
    return createHash('sha256').update(readFileSync(plan)).digest('hex');
  }

  const schemes = [
    ['a registry without the referrers API', target.server, 'distribution', 'tag'],
    ['a registry with the referrers API', api.server, 'zot', 'api'],
  ] as const;
  const all = schemes.flatMap((scheme) => Object.entries(ways).map((way) => [...scheme, ...way] as const));
  for (const [registry, server, profile, scheme, way, copy] of all) {
    const name = `${way} to ${registry}`;
    const place = `${server}/${way}`;
    const folder = await deployment(server, profile, way);
    await check(`${name}: lock finds what the clients made`, async () => {
      const lock = readFileSync(join(folder, 'images_digests.yml'), 'utf8');
      const count = (pattern: RegExp) => [...lock.matchAll(pattern)].length;
      // Two bundles and an SBOM of the index, a signature of the SBOM, a bundle of amd64's manifest; two tags.
      same([count(/subject:/g), count(/tag: .*sha256-/g)], [7, 2]);
    });
    const copied = await copy(folder, server);
    await check(`${name}: all of it is copied, and counted`, async () => {
      same(copied, {
        expected: 2,
        copied: 2,
        skipped: 0,
        failed: 0,
        artifacts: { expected: 7, copied: 7, skipped: 0, failed: 0 },
      });
    });
    await check(`${name}: oras discovers the same at the target as at the source`, async () => {
      for (const image of [synapse, amd64, web]) {
        const there = await discover(image(place), scheme);
        same(there, await discover(image(source.server), 'tag'));
        if (image !== web && there.length === 0) throw new Error(`oras found nothing at ${image(place)}`);
      }
    });
    await check(`${name}: cosign 3 verifies the signatures and the attestation at the target`, async () => {
      await run(work, 'cosign-v3', 'verify', ...noLog, synapse(place));
      await run(work, 'cosign-v3', 'verify', ...noLog, amd64(place));
      await run(work, 'cosign-v3', 'verify-attestation', ...noLog, ...attestation, synapse(place));
    });
    await check(`${name}: cosign 2 verifies its signature and attestation at the target`, async () => {
      await run(work, 'cosign-v2', 'verify', '--new-bundle-format=false', ...noLog, web(place));
      await run(
        work,
        'cosign-v2',
        'verify-attestation',
        '--new-bundle-format=false',
        ...noLog,
        ...attestation,
        web(place),
      );
    });
    await check(`${name}: another run copies nothing`, async () => {
      const { copied, artifacts } = (await copy(folder, server)) as { copied: number; artifacts: object };
      same(
        { copied, artifacts },
        { copied: 0, artifacts: { expected: 7, copied: 0, skipped: 7, failed: 0 } },
      );
    });
  }
  await check('a list at a tag only where a client needs it', async () => {
    const lists = async (server: string, way: string) =>
      (await tags(server, `${way}/element-hq/synapse`)).filter((tag) => /^sha256-[0-9a-f]{64}$/.test(tag))
        .length;
    for (const way of Object.keys(ways)) {
      same([await lists(target.server, way), await lists(other.server, way)], [3, 0]);
    }
  });
  console.log(`${passed} passed, 0 failed`);
} finally {
  await api.stop();
  await Promise.all([source.stop(), target.stop(), other.stop()]);
}
