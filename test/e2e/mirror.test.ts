import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Image, makeImage, pushImage } from '../support/images.ts';
import { type PodResult, runPod } from '../support/pod.ts';
import { Project } from '../support/project.ts';
import { manifestDigest, type Registry, startRegistry, tags } from '../support/registry.ts';
import type { Manifest } from '../support/synth.ts';

// The whole way with nothing in between: a digests file and airgap.yaml, `npm run synth`, and then the container of
// the Job as the YAML says it, run as its user between two real registries.

const login = { username: 'ems-user', password: 'fake-ems-token' };
const push = { username: 'pusher', password: 'fake-push-password' };

const shared = { seed: 'shared', size: 20_000 };
const images: Record<string, { path: string; tag?: string; image: Image }> = {
  'synapse/synapse': {
    path: 'ems-image-store/enterprise/synapse',
    tag: 'v1.93.0',
    image: makeImage({
      name: 'synapse',
      layers: [shared, { seed: 'synapse', size: 30_000, perArchitecture: true }],
    }),
  },
  'synapse/redis': {
    path: 'library/redis',
    tag: '7.2-alpine',
    image: makeImage({
      name: 'redis',
      mediaTypes: 'docker',
      layers: [shared, { seed: 'redis', size: 10_000 }],
    }),
  },
  'hookshot/hookshot': {
    path: 'halfshot/matrix-hookshot',
    tag: '4.5.1',
    image: makeImage({ name: 'hookshot', architectures: ['amd64'], layers: [shared] }),
  },
  'well_known/nginx': {
    path: 'library/nginx',
    tag: '1.10',
    image: makeImage({
      name: 'nginx',
      architectures: ['amd64'],
      mediaTypes: 'docker',
      layers: [{ seed: 'nginx', size: 5_000 }],
    }),
  },
  // No tag: one has to be made, so that garbage collection spares it.
  'sydent/sydent': { path: 'matrixdotorg/sydent', image: makeImage({ name: 'sydent', layers: [shared] }) },
};
const madeTag = (image: Image) => `sha256-${image.digest.slice(7, 39)}`;

let source: Registry;
let target: Registry;
let project: Project;

beforeAll(async () => {
  [source, target] = await Promise.all([
    startRegistry({ password: login }),
    startRegistry({ password: push }),
  ]);
  for (const { path, tag, image } of Object.values(images))
    await pushImage(source.server, path, tag ?? 'latest', image, login);
  project = new Project();
});
afterAll(async () => {
  await Promise.all([source?.stop(), target?.stop()]);
  project?.remove();
});

/** A digests file for the source registry; `synapse/haproxy` uses the image of `synapse/redis` too. */
function digestsFile(extra = ''): string {
  const entry = (name: string, path: string, tag: string | undefined, digest: string): [string, string] => {
    const [component = '', container = ''] = name.split('/');
    return [
      component,
      `    ${container}:\n      image_digest: ${digest}\n      image_repository_path: ${path}\n` +
        `      image_repository_server: ${source.server}\n${tag ? `      image_tag: ${tag}\n` : ''}`,
    ];
  };
  const all = Object.entries({ ...images, 'synapse/haproxy': images['synapse/redis'] });
  const components = new Map<string, string>();
  for (const [name, it] of all) {
    if (!it) continue;
    const [component, lines] = entry(name, it.path, it.tag, it.image.digest);
    components.set(component, (components.get(component) ?? '') + lines);
  }
  return `images_digests:\n${[...components].map(([name, lines]) => `  ${name}:\n${lines}`).join('')}${extra}`;
}

function synth(digests: string, overrides = ''): Manifest[] {
  project.write('images_digests.yml', digests);
  project.write(
    'airgap.yaml',
    `apiVersion: ess-airgap/v1
registry: { server: nodes.example, pushServer: "${target.server}", path: ess }
${overrides}
mirror:
  image: quay.io/skopeo/stable@sha256:${'a'.repeat(64)}
  insecure: ["${source.server}", "${target.server}"]
  auth:
    - { server: "${source.server}", source: env, usernameEnv: SOURCE_USERNAME, passwordEnv: SOURCE_PASSWORD }
    - { server: "${target.server}/ess", source: env, usernameEnv: PUSH_USERNAME, passwordEnv: PUSH_PASSWORD }
`,
  );
  const { status, stderr } = project.run('npm run synth', {
    SOURCE_USERNAME: login.username,
    SOURCE_PASSWORD: login.password,
    PUSH_USERNAME: push.username,
    PUSH_PASSWORD: push.password,
  });
  expect(stderr).not.toContain('error');
  expect(status).toBe(0);
  return Object.values(project.dist()).flatMap((text) => loadAll(text) as Manifest[]);
}

async function mirror(
  manifests: Manifest[],
  shell?: 'dash' | 'bash --posix' | 'busybox sh',
): Promise<PodResult & { lines: Record<string, unknown>[] }> {
  const job = manifests.find(({ kind }) => kind === 'Job')?.metadata.name ?? '';
  const result = await runPod({ manifests, job, ...(shell && { shell }) });
  for (const secret of [login.password, push.password]) {
    expect(result.stdout + result.stderr + result.terminationLog).not.toContain(secret);
  }
  const lines = result.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const { expected, copied, skipped, failed } = lines.at(-1);
  expect(expected).toBe(copied + skipped + failed);
  expect(lines).toHaveLength(expected + 1);
  const permanent = lines.filter(({ failure }) => failure === 'permanent').length;
  expect(result.exitCode).toBe(failed === 0 ? 0 : permanent === failed ? 3 : 1);
  return { ...result, lines };
}

async function expectAllThere(): Promise<void> {
  for (const { path, tag, image } of Object.values(images)) {
    expect(await manifestDigest(target.server, `ess/${path}`, tag ?? madeTag(image), push)).toBe(
      image.digest,
    );
    for (const { digest } of image.manifests) {
      expect(await manifestDigest(target.server, `ess/${path}`, digest, push)).toBe(digest);
    }
  }
}

test('every image arrives at its tag with its digest and all its platforms; a second run copies nothing', async () => {
  const manifests = synth(digestsFile());
  const first = await mirror(manifests);
  expect(first.lines.at(-1)).toEqual({ expected: 5, copied: 5, skipped: 0, failed: 0 });
  expect(first.exitCode).toBe(0);
  await expectAllThere();
  expect(first.lines).toContainEqual({
    image: `${target.server}/ess/halfshot/matrix-hookshot:4.5.1`,
    digest: images['hookshot/hookshot']?.image.digest,
    source: `${source.server}/halfshot/matrix-hookshot:4.5.1`,
    containers: ['hookshot/hookshot'],
    result: 'copied',
    attempts: 1,
    seconds: expect.any(Number),
  });
  expect(first.lines.flatMap(({ containers }) => containers)).toContain('synapse/haproxy');

  const mark = target.mark();
  const second = await mirror(manifests);
  expect(second.lines.at(-1)).toEqual({ expected: 5, copied: 0, skipped: 5, failed: 0 });
  const written = target.accessLog(mark).filter(({ method }) => method !== 'GET' && method !== 'HEAD');
  expect(written).toEqual([]);
});

test('the override names just what was copied', async () => {
  const manifests = synth(digestsFile());
  await mirror(manifests);
  const override =
    manifests.find(({ metadata }) => metadata.name === 'ess-images-digests')?.data?.images_digests ?? '';
  const [tree] = loadAll(override) as Record<string, Record<string, Record<string, string>>>[];
  for (const containers of Object.values(tree ?? {})) {
    for (const {
      image_repository_server,
      image_repository_path = '',
      image_tag = '',
      image_digest,
    } of Object.values(containers)) {
      expect(image_repository_server).toBe('nodes.example');
      expect(await manifestDigest(target.server, image_repository_path, image_tag, push)).toBe(image_digest);
    }
  }
});

test('one missing image fails alone, is named, and the rest is there', async () => {
  const missing = `  gone:\n    gone:\n      image_digest: sha256:${'e'.repeat(64)}\n      image_repository_path: not/there\n      image_repository_server: ${source.server}\n      image_tag: v1\n`;
  const { exitCode, lines } = await mirror(synth(digestsFile(missing)));
  expect(exitCode).toBe(3);
  expect(lines.at(-1)).toMatchObject({ expected: 6, failed: 1 });
  const failed = lines.filter(({ result }) => result === 'failed');
  expect(failed).toHaveLength(1);
  expect(failed[0]).toMatchObject({ image: `${target.server}/ess/not/there:v1`, containers: ['gone/gone'] });
  expect(failed[0]?.error).toMatch(/manifest unknown/);
  await expectAllThere();
});

test('a tag that holds another image is set right', async () => {
  const wrong = makeImage({ name: 'wrong', architectures: ['amd64'] });
  await pushImage(target.server, 'ess/library/nginx', '1.10', wrong, push);
  const { lines } = await mirror(synth(digestsFile()));
  expect(lines.at(-1)).toEqual({ expected: 5, copied: 1, skipped: 4, failed: 0 });
  await expectAllThere();
});

describe("an image of the user's own", () => {
  const own = makeImage({ name: 'own', architectures: ['amd64'] });
  const overrides = `overrides: { hookshot/hookshot: { repository: ess/acme/hookshot, tag: acme-1, digest: "${own.digest}" } }`;

  test('is named where it is not in the registry, and never copied', async () => {
    const { exitCode, lines } = await mirror(synth(digestsFile(), overrides));
    expect(exitCode).toBe(3);
    const [failed] = lines.filter(({ result }) => result === 'failed');
    expect(failed).toMatchObject({
      image: `${target.server}/ess/acme/hookshot:acme-1`,
      source: '',
      containers: ['hookshot/hookshot'],
    });
    expect(failed?.error).toContain('this image of your own is not in the registry');
  });

  test('is checked where it is', async () => {
    await pushImage(target.server, 'ess/acme/hookshot', 'acme-1', own, push);
    const { exitCode, lines } = await mirror(synth(digestsFile(), overrides));
    expect(exitCode).toBe(0);
    expect(lines.find(({ containers }) => String(containers) === 'hookshot/hookshot')).toMatchObject({
      image: `${target.server}/ess/acme/hookshot:acme-1`,
      result: 'skipped',
    });
  });
});

describe('the script behaves the same under every shell', () => {
  test.each(['dash', 'bash --posix', 'busybox sh'] as const)('%s', async (shell) => {
    const missing = `  gone:\n    gone: { image_repository_path: not/there, image_repository_server: "${source.server}", image_tag: v1 }\n`;
    const { exitCode, lines } = await mirror(synth(digestsFile(missing)), shell);
    expect([exitCode, lines.at(-1)]).toEqual([3, { expected: 6, copied: 0, skipped: 5, failed: 1 }]);
    const untagged = lines.find(({ containers }) => String(containers).includes('sydent'));
    expect(String(untagged?.image)).toMatch(/:sha256-[0-9a-f]{32}$/);
    expect(await tags(target.server, 'ess/matrixdotorg/sydent', push)).toEqual([
      madeTag(images['sydent/sydent']?.image as Image),
    ]);
  });
});
