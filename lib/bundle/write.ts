import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ImageReference, repositoryName } from '../image/reference.ts';
import { InputError } from '../input/problem.ts';
import type { Plan, Relocation } from '../plan/model.ts';
import type { RegistryClient } from '../registry/client.ts';
import { RegistryError } from '../registry/error.ts';
import { mapBounded } from '../registry/map-bounded.ts';
import { type Blob, hexOf, type ImageContents, type ManifestSource, readContents } from './contents.ts';
import { download } from './download.ts';
import { finish } from './finish.ts';
import type { Brought } from './load-plan.ts';
import { leaveOut } from './since.ts';

export interface BundleOptions {
  readonly plan: Plan;
  readonly client: RegistryClient;
  /** The folder to make. */
  readonly output: string;
  /** What older bundles brought, whose layers are left out. Default: nothing. */
  readonly older?: readonly Brought[];
  /** The most bytes that a part may have. Default: one part, of any size. */
  readonly partSize?: number;
  readonly onProgress?: (text: string) => void;
}

/** An image that could not be had. */
export interface BundleFailure {
  readonly relocation: Relocation;
  readonly reason: string;
}

export interface BundleResult {
  /** Empty where the bundle is complete; else there is none, and another run goes on where this one ended. */
  readonly failures: readonly BundleFailure[];
  readonly images: number;
  /** Images of the user's own, which the bundle does not hold. */
  readonly own: number;
  /** Distinct layers that an older bundle brought. */
  readonly leftOut: number;
  /** Of all files. */
  readonly bytes: number;
  readonly parts: number;
  /** `sha256:…` of load.plan, which names everything else by its digest: what to compare by another way. */
  readonly digest: string;
}

/** Stands in the folder until the bundle is complete; load.sh finds no checksums then. */
const UNFINISHED = 'UNFINISHED';
const CONNECTIONS = 4;

/**
 * Writes the images of a plan into one folder: an OCI image layout in which every layer is stored once, checksums, the
 * list of contents, and the script that loads it without anything of ours.
 *
 * @throws InputError where the folder holds something else, or parts are too small
 */
export async function writeBundle(options: BundleOptions): Promise<BundleResult> {
  const { plan, client, output, older = [], partSize, onProgress = () => {} } = options;
  prepare(output);
  const relocations = plan.relocations.filter(({ source }) => source);
  const { contents, failures } = await readAll(relocations, keeping(client, output), onProgress);
  const images = leaveOut(
    contents.map(({ relocation: { target, containers }, root, manifests, blobs }) => ({
      target,
      containers,
      digest: root.digest,
      manifests: manifests.map(({ digest }) => hexOf(digest)),
      blobs,
    })),
    older,
  );
  const wanted = new Map<string, { blob: Blob; from: Found }>();
  images.forEach(({ blobs }, index) => {
    for (const blob of blobs) {
      const from = contents[index];
      if (!blob.heldBy && from) wanted.set(blob.hex, { blob, from });
    }
  });
  if (failures.length === 0)
    failures.push(...(await fetchAll([...wanted.values()], client, output, onProgress)));
  const own = plan.relocations
    .filter(({ source }) => !source)
    .map(({ target, containers }) => ({ target, containers, digest: target.digest }));
  const leftOut = new Set(
    images.flatMap(({ blobs }) => blobs.filter((it) => it.heldBy).map(({ hex }) => hex)),
  ).size;
  const result = { failures, images: images.length, own: own.length, leftOut };
  if (failures.length > 0) return { ...result, bytes: 0, parts: 0, digest: '' };

  const finished = await finish({ output, images, own, roots: contents.map(({ root }) => root), partSize });
  rmSync(join(output, UNFINISHED));
  return { ...result, ...finished };
}

interface Found extends ImageContents {
  readonly relocation: Relocation;
  readonly source: ImageReference;
}

/** Makes the folder, or takes up one that an earlier run did not finish. */
function prepare(output: string): void {
  if (existsSync(output)) {
    const wrong = (message: string): InputError => new InputError([{ message: `${output} ${message}` }]);
    if (!statSync(output).isDirectory()) throw wrong('is no folder');
    const names = readdirSync(output);
    if (names.length > 0 && !names.includes(UNFINISHED)) {
      throw wrong('is not empty; expected a new folder, or one of an unfinished bundle');
    }
    for (const name of names) {
      if (/^part-\d{3}$/.test(name)) rmSync(join(output, name), { recursive: true });
    }
  }
  mkdirSync(join(output, 'blobs/sha256'), { recursive: true });
  writeFileSync(
    join(output, UNFINISHED),
    'The bundle is not complete. Run the same command again to go on.\n',
  );
}

/** Keeps every manifest as a file: another run does not ask for it again, and some sources count what is asked for. */
function keeping(client: RegistryClient, output: string): ManifestSource {
  const fileOf = (digest: string): string => join(output, 'blobs/sha256', hexOf(digest));
  return {
    async manifest(image, reference) {
      if (reference.startsWith('sha256:') && existsSync(fileOf(reference))) {
        const bytes = readFileSync(fileOf(reference));
        const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
        if (digest === reference) return { digest, bytes };
      }
      const manifest = await client.manifest(image, reference);
      if (manifest) writeFileSync(fileOf(manifest.digest), manifest.bytes);
      return manifest;
    },
  };
}

async function readAll(
  relocations: readonly Relocation[],
  source: ManifestSource,
  onProgress: (text: string) => void,
): Promise<{ contents: Found[]; failures: BundleFailure[] }> {
  const contents: Found[] = [];
  const failures: BundleFailure[] = [];
  let read = 0;
  const found = await mapBounded(relocations, CONNECTIONS, async (relocation) => {
    const { source: from, target } = relocation;
    if (!from) return undefined;
    // The digest that the tag is to have at the target is that of the source.
    const image = { ...from, ...(target.digest && { digest: target.digest }) };
    const it = await attempt(failures, relocation, async () => {
      const all = await readContents(image, source);
      if (all) return all;
      throw new RegistryError(
        'unexpected',
        `${repositoryName(image)}: there is no ${image.digest ?? image.tag}`,
      );
    });
    onProgress(`${++read} of ${relocations.length} images read`);
    return it && { ...it, relocation, source: image };
  });
  for (const it of found) if (it) contents.push(it);
  return { contents, failures };
}

async function fetchAll(
  wanted: readonly { blob: Blob; from: Found }[],
  client: RegistryClient,
  output: string,
  onProgress: (text: string) => void,
): Promise<BundleFailure[]> {
  const failures: BundleFailure[] = [];
  const total = wanted.reduce((sum, { blob }) => sum + blob.size, 0);
  let done = 0;
  await mapBounded(wanted, CONNECTIONS, async ({ blob, from }) => {
    const file = join(output, 'blobs/sha256', blob.hex);
    await attempt(failures, from.relocation, () =>
      download(client, from.source, blob, file, (bytes) => {
        done += bytes;
        onProgress(`${megabytes(done)} of ${megabytes(total)} MB downloaded`);
      }),
    );
  });
  return failures;
}

/** Notes what a registry refuses, so that all of it can be said at once. */
async function attempt<T>(
  failures: BundleFailure[],
  relocation: Relocation,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    failures.push({ relocation, reason: error.message });
    return undefined;
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
