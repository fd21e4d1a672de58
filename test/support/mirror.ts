import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Artifact } from '../../lib/digests/artifacts.ts';
import type { ConfigInput } from '../../lib/index.ts';
import { type Image, pushImage } from './images.ts';
import { type PodOptions, type PodResult, runPod } from './pod.ts';
import type { Access } from './registry.ts';
import { type Manifest, only, synthesize } from './synth.ts';

/** An image of a release: where it is upstream. */
export interface Upstream {
  server: string;
  repository: string;
  tag?: string;
  digest?: string;
  /** What the lock says of its signatures and attestations. Default: nothing. */
  artifacts?: readonly Artifact[];
}

/** A JSON line of mirror.sh about one image. */
export interface Line {
  image: string;
  digest: string;
  source: string;
  containers: string[];
  result: 'copied' | 'skipped' | 'present' | 'failed';
  attempts: number;
  seconds: number;
  failure?: 'transient' | 'permanent';
  class?: string;
  error?: string;
  hint?: string;
  /** Chosen platforms that the image does not have. */
  lacks?: string[];
  artifacts?: ArtifactCounts;
}

/** Of the artifacts of one image, or of all. */
export interface ArtifactCounts {
  expected: number;
  copied?: number;
  skipped?: number;
  present?: number;
  failed: number;
}

export interface Outcome extends PodResult {
  lines: Line[];
  summary: {
    expected: number;
    copied?: number;
    skipped?: number;
    present?: number;
    failed: number;
    interrupted?: number;
    artifacts?: ArtifactCounts;
  };
  /** The line about a repository of the target, without the registry. */
  line(repository: string): Line;
}

/** A digests file, one component an image. */
export function digestsFile(images: readonly Upstream[]): string {
  const known = images.flatMap(({ server, repository, digest, artifacts }) =>
    artifacts ? [[`${server}/${repository}@${digest}`, artifacts.map(lockEntry)] as const] : [],
  );
  if (known.length === 0) return componentsOf(images);
  const components = componentsOf(images).replace(/^/gm, '  ').trimEnd();
  return `images_digests:\n${components}\nartifacts: ${JSON.stringify(Object.fromEntries(known))}\n`;
}

function lockEntry({ mediaType, artifactType, ...rest }: Artifact) {
  return { ...rest, media_type: mediaType, ...(artifactType && { artifact_type: artifactType }) };
}

function componentsOf(images: readonly Upstream[]): string {
  return images
    .map(
      ({ server, repository, tag, digest }, index) =>
        `c${index}:\n  x:\n    image_repository_server: "${server}"\n    image_repository_path: ${repository}\n` +
        (tag ? `    image_tag: "${tag}"\n` : '') +
        (digest ? `    image_digest: ${digest}\n` : ''),
    )
    .join('');
}

type MirrorInput = Partial<NonNullable<ConfigInput['mirror']>>;

/** The objects of a mirror from these images to a registry, over plain HTTP unless `mirror` says otherwise. */
export function mirrorManifests(
  images: readonly Upstream[],
  target: string,
  mirror: MirrorInput = {},
  registry: Partial<ConfigInput['registry']> = {},
): Manifest[] {
  const servers = [...new Set([...images.map(({ server }) => server), target])];
  const charts = synthesize(
    digestsFile(images),
    {
      apiVersion: 'ess-airgap/v1',
      registry: { server: target, ...registry },
      mirror: { image: `${target}/skopeo@sha256:${'a'.repeat(64)}`, insecure: servers, ...mirror },
    },
    secrets,
  );
  return Object.values(charts).flat();
}

/** The environment of the synth, for credentials with `source: env`. None of it may be seen in any output. */
export const secrets: Record<string, string> = {
  SOURCE_USERNAME: 'reader-fake',
  SOURCE_PASSWORD: 'fake-source-password',
  PUSH_USERNAME: 'pusher-fake',
  PUSH_PASSWORD: 'fake-push-password',
};
export const sourceLogin = { username: 'reader-fake', password: 'fake-source-password' };
export const pushLogin = { username: 'pusher-fake', password: 'fake-push-password' };

export function sourceAuth(server: string) {
  return { server, source: 'env' as const, usernameEnv: 'SOURCE_USERNAME', passwordEnv: 'SOURCE_PASSWORD' };
}
export function pushAuth(server: string) {
  return { server, source: 'env' as const, usernameEnv: 'PUSH_USERNAME', passwordEnv: 'PUSH_PASSWORD' };
}

/** The manifests with more in the environment of the container, as a patch of Kustomize would have it. */
export function withEnvironment(manifests: readonly Manifest[], env: Record<string, string>): Manifest[] {
  const patched = structuredClone([...manifests]);
  const [container] = only(patched, 'Job').spec.template.spec.containers;
  container.env = [
    ...container.env.filter(({ name }: { name: string }) => !(name in env)),
    ...Object.entries(env).map(([name, value]) => ({ name, value })),
  ];
  return patched;
}

/** Runs the Job's pod and reads its report, which must account for every image and must not hold a secret. */
export async function runMirror(
  manifests: readonly Manifest[],
  options: Partial<PodOptions> = {},
): Promise<Outcome> {
  const job = only(manifests, 'Job').metadata.name;
  return outcomeOf(await runPod({ manifests, job, ...options }));
}

/** Reads the report of a pod that ended by itself or by SIGTERM. */
export function outcomeOf(result: PodResult): Outcome {
  for (const password of [secrets.SOURCE_PASSWORD, secrets.PUSH_PASSWORD] as string[]) {
    const basic = Buffer.from(password).toString('base64').slice(2, -4);
    for (const secret of [password, basic]) {
      expect(result.stdout + result.stderr + result.terminationLog).not.toContain(secret);
    }
  }
  const all = result.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const summary = all.at(-1) as Outcome['summary'];
  const lines = all.slice(0, -1) as Line[];
  const count = (wanted: Line['result']) => lines.filter(({ result }) => result === wanted).length;
  const interrupted = lines.filter((line) => line.class === 'interrupted').length;
  expect(summary).toEqual({
    expected: lines.length,
    ...('present' in summary
      ? { present: count('present') }
      : { copied: count('copied'), skipped: count('skipped') }),
    failed: count('failed'),
    ...(interrupted > 0 && { interrupted }),
    ...(lines.some(({ artifacts }) => artifacts) && { artifacts: sumOf(lines) }),
  });
  expect(new Set(lines.map(({ image }) => image)).size).toBe(lines.length);
  const permanent = lines.filter(({ failure }) => failure === 'permanent').length;
  expect(result.exitCode).toBe(summary.failed === 0 ? 0 : permanent === summary.failed ? 3 : 1);
  expect(Buffer.byteLength(result.terminationLog)).toBeLessThanOrEqual(4096);
  expect(result.terminationLog).toMatch(
    new RegExp(`^${summary.failed} of ${summary.expected} images failed,`),
  );
  collectErrorMessages(lines);
  const line = (repository: string): Line => {
    const found = lines.find(({ image }) => image.includes(`/${repository}:`));
    if (!found) throw new Error(`no line about ${repository}`);
    return found;
  };
  return { ...result, lines, summary, line };
}

/** The counts of all images, each of which adds up. */
function sumOf(lines: readonly Line[]): ArtifactCounts {
  const sum: Record<string, number> = {};
  for (const { artifacts } of lines) {
    if (!artifacts) continue;
    const { expected, copied = 0, skipped = 0, present = 0, failed } = artifacts;
    expect(copied + skipped + present + failed).toBe(expected);
    for (const [key, value] of Object.entries(artifacts)) sum[key] = (sum[key] ?? 0) + value;
  }
  return sum as unknown as ArtifactCounts;
}

/**
 * Adds the errors of a run, as skopeo and the registry worded them, to the file that FAULT_MESSAGES names: how
 * lib/mirror/faults.tsv is made (`.ci/registries/error-messages`).
 */
function collectErrorMessages(lines: readonly Line[]): void {
  const file = process.env.FAULT_MESSAGES;
  if (!file) return;
  const version = (tool: string) =>
    execFileSync(tool, ['--version'], { encoding: 'utf8' })
      .match(/\d+\.\d+\.\d+/g)
      ?.at(-1);
  for (const { class: name = '', error: whole = '' } of lines) {
    const error = whole.replace(/^artifact sha256:[0-9a-f]{64}: /, '');
    // Not words of skopeo, or a class that takes more than the words.
    if (!error || /^not tried: |^the |^after |^this image|^skopeo |interrupted/.test(error)) continue;
    const words = error
      .replace(/(127\.0\.0\.1|localhost):\d{2,}/g, 'r.example:5000')
      .replace(/127\.0\.0\.1:\d+->/g, '192.0.2.1:1->')
      .replace(/sha256:[0-9a-f]{64}/g, `sha256:${'0'.repeat(64)}`)
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, 'UUID')
      .replace(/r\.example:5000(\/v2)?\/[a-z0-9-]+\/[a-z0-9]+/g, 'r.example:5000$1/a/b')
      .replace(/\/v2\/[a-z0-9-]+\/[a-z0-9]+\/blobs/g, '/v2/a/b/blobs')
      .replace(/x{20,}/g, 'xxx');
    const by = name === 'token-expired' ? 'unauthorized' : name;
    appendFileSync(file, `${version('skopeo')}\t${version('docker-registry')}\t${by}\t${words}\n`);
  }
}

/** Pushes images, several at once, each as `repository:v1`. */
export async function pushAll(
  server: string,
  images: Readonly<Record<string, Image>>,
  access: Access = {},
): Promise<void> {
  const left = Object.entries(images);
  const worker = async () => {
    for (let next = left.pop(); next; next = left.pop())
      await pushImage(server, next[0], 'v1', next[1], access);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}
