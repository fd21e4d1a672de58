import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ImageReference, repositoryName } from '../image/reference.ts';
import type { Plan, Relocation } from '../plan/model.ts';
import type { RegistryClient } from '../registry/client.ts';
import { RegistryError } from '../registry/error.ts';
import { mapBounded } from '../registry/map-bounded.ts';
import { type Blob, hexOf, type ImageContents, type ManifestSource, readContents } from './contents.ts';
import { download } from './download.ts';
import { type Finished, finish } from './finish.ts';
import { BLOBS, inWords, prepareFolder, requireSpace, UNFINISHED } from './folder.ts';
import { LIMITS } from './limits.ts';
import type { BundledImage } from './load-plan.ts';
import { formatSize } from './parts.ts';
import { type Brought, leaveOut } from './since.ts';

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

/** What became of a bundle. */
export interface BundleResult {
  /** Images that the bundle has or would have. */
  readonly images: number;
  /** Images of the user's own, which the bundle does not hold. */
  readonly own: number;
  /** Images whose index does not name all of the chosen platforms. */
  readonly lacking: readonly { readonly source: ImageReference; readonly lacks: readonly string[] }[];
  /** Distinct layers that an older bundle brought. */
  readonly leftOut: number;
  /** If it is empty the bundle is complete; otherwise there is none, and another run continues where this one stopped. */
  readonly failures: readonly BundleFailure[];
  /** The complete bundle. */
  readonly finished?: Finished;
}

const CONNECTIONS = 4;

/**
 * Writes the images of a plan into one folder: an OCI image layout that stores every layer once, checksums, the list of
 * contents, and a script that loads it without this tool.
 *
 * @throws InputError if the folder holds something else, its file system is full, or parts are too small
 */
export function writeBundle(options: BundleOptions): Promise<BundleResult> {
  return inWords(options.output, () => write(options));
}

async function write(options: BundleOptions): Promise<BundleResult> {
  const { plan, client, output, older = [], partSize, onProgress = () => {} } = options;
  prepareFolder(output);
  const relocations = plan.relocations.filter(({ source }) => source);
  const { contents, failures } = await readAll(relocations, keeping(client, output), onProgress);
  const images = leaveOut(
    contents.map(({ relocation: { target, containers }, root, manifests, omitted, blobs }) => ({
      target,
      containers,
      digest: root.digest,
      size: root.bytes.length,
      manifests: manifests.map(({ digest, bytes }) => ({ hex: hexOf(digest), size: bytes.length })),
      omitted,
      blobs,
    })),
    older,
  );
  const own = plan.relocations
    .filter(({ source }) => !source)
    .map(({ target, containers }) => ({ target, containers, digest: target.digest }));
  const leftOut = new Set(
    images.flatMap(({ blobs }) => blobs.filter((it) => it.heldBy).map(({ hex }) => hex)),
  ).size;
  const lacking = contents.filter(({ lacks }) => lacks.length > 0);
  const result = { images: images.length, own: own.length, leftOut, lacking };
  if (failures.length > 0) return { ...result, failures };

  const wanted = wantedBlobs(images, contents);
  requireSpace(output, missingBytes(output, wanted, partSize));
  failures.push(...(await fetchAll(wanted, client, output, onProgress)));
  if (failures.length > 0) return { ...result, failures };

  onProgress('writing the list of contents');
  const roots = contents.map(({ root }) => root);
  const finished = await finish({ output, images, own, roots, ...(partSize && { partSize }) });
  rmSync(join(output, UNFINISHED));
  return { ...result, failures, finished };
}

interface Wanted {
  readonly blob: Blob;
  readonly from: Found;
}

/** The blobs that the bundle is to hold, each once, with an image whose source has it. */
function wantedBlobs(images: readonly BundledImage[], contents: readonly Found[]): Wanted[] {
  const wanted = new Map<string, Wanted>();
  images.forEach(({ blobs }, index) => {
    const from = contents[index];
    for (const blob of from ? blobs : []) if (!blob.heldBy && from) wanted.set(blob.hex, { blob, from });
  });
  return [...wanted.values()];
}

/** How many bytes are still to be written. */
function missingBytes(output: string, wanted: readonly Wanted[], partSize: number | undefined): number {
  const sizeOf = (name: string): number => {
    const stat = statSync(join(output, BLOBS, name), { throwIfNoEntry: false });
    return stat?.size ?? 0;
  };
  return wanted.reduce((sum, { blob: { hex, size } }) => {
    const there = Math.max(sizeOf(hex), sizeOf(`${hex}.partial`));
    // What is cut into pieces is there twice for a while.
    const pieces = partSize !== undefined && size > partSize ? size : 0;
    return sum + Math.max(0, size - there) + pieces;
  }, 0);
}

interface Found extends ImageContents {
  readonly relocation: Relocation;
  readonly source: ImageReference;
}

/** Keeps every manifest as a file: another run does not ask for it again, and some sources count requests. */
function keeping(client: RegistryClient, output: string): ManifestSource {
  const fileOf = (digest: string): string => join(output, BLOBS, hexOf(digest));
  const isThere = (digest: string): boolean => {
    const stat = statSync(fileOf(digest), { throwIfNoEntry: false });
    return stat?.isFile() === true && stat.size <= LIMITS.manifestBytes;
  };
  return {
    async manifest(image, reference) {
      if (reference.startsWith('sha256:') && isThere(reference)) {
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
      const all = await readContents(image, source, relocation.platforms);
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
  wanted: readonly Wanted[],
  client: RegistryClient,
  output: string,
  onProgress: (text: string) => void,
): Promise<BundleFailure[]> {
  const failures: BundleFailure[] = [];
  const total = wanted.reduce((sum, { blob }) => sum + blob.size, 0);
  let done = 0;
  await mapBounded(wanted, CONNECTIONS, async ({ blob, from }) => {
    const file = join(output, BLOBS, blob.hex);
    await attempt(failures, from.relocation, () =>
      download(client, from.source, blob, file, (bytes) => {
        done += bytes;
        onProgress(`${formatSize(done)} of ${formatSize(total)} downloaded`);
      }),
    );
  });
  return failures;
}

/** Notes what a registry refuses, so that all of it can be reported at once. */
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
