import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ImageReference, repositoryName } from '../image/reference.ts';
import { InputError } from '../input/problem.ts';
import type { Plan, Relocation } from '../plan/model.ts';
import { fallbackTag, referrersLists } from '../plan/referrers-list.ts';
import type { RegistryClient } from '../registry/client.ts';
import { mapBounded } from '../registry/map-bounded.ts';
import { type Blob, hexOf, type ImageContents } from './contents.ts';
import { download } from './download.ts';
import { type Finished, finish } from './finish.ts';
import { BLOBS, inWords, prepareFolder, requireSpace, UNFINISHED } from './folder.ts';
import { type BundledImage, type BundledReferrers, contentsOf } from './load-plan.ts';
import { formatSize } from './parts.ts';
import { attempt, type BundleFailure, type FoundImage, readImages } from './read-images.ts';
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

/** What became of a bundle. */
export interface BundleResult {
  /** Images that the bundle has or would have. */
  readonly images: number;
  /** Signatures, attestations and SBOMs of these images. */
  readonly artifacts: number;
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
 * Writes the images of a plan, with their artifacts, into one folder: an OCI image layout that stores every layer once,
 * checksums, the list of contents, and a script that loads it without this tool.
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
  const reading = { client, output, connections: CONNECTIONS, onProgress };
  const { found, failures } = await readImages(relocations, reading);
  const images = leaveOut(
    found.map((image) => ({
      target: image.relocation.target,
      containers: image.relocation.containers,
      ...planned(image),
      artifacts: image.artifacts.map(({ artifact: { subject, tag }, ...contents }) => ({
        ...planned(contents),
        subject,
        ...(tag && { tag }),
      })),
      referrers: plan.referrersApi ? [] : keepLists(image.relocation, output),
    })),
    older,
  );
  assertOneManifestPerTag(images);
  const own = plan.relocations
    .filter(({ source }) => !source)
    .map(({ target, containers }) => ({ target, containers, digest: target.digest }));
  const blobs = images.flatMap(contentsOf).flatMap((contents) => contents.blobs);
  const leftOut = new Set(blobs.filter((it) => it.heldBy).map(({ hex }) => hex)).size;
  const lacking = found.filter(({ lacks }) => lacks.length > 0);
  const artifacts = images.reduce((sum, image) => sum + image.artifacts.length, 0);
  const result = { images: images.length, artifacts, own: own.length, leftOut, lacking };
  if (failures.length > 0) return { ...result, failures };

  const wanted = wantedBlobs(images, found);
  requireSpace(output, missingBytes(output, wanted, partSize));
  failures.push(...(await fetchAll(wanted, client, output, onProgress)));
  if (failures.length > 0) return { ...result, failures };

  onProgress('writing the list of contents');
  const finished = await finish({ output, images, own, found, ...(partSize && { partSize }) });
  rmSync(join(output, UNFINISHED));
  return { ...result, failures, finished };
}

/** What load.plan says of an index or manifest, before it is known which blobs are left out. */
function planned({ root, manifests, omitted, blobs }: ImageContents): {
  digest: string;
  size: number;
  manifests: { hex: string; size: number }[];
  omitted: ImageContents['omitted'];
  blobs: readonly Blob[];
} {
  return {
    digest: root.digest,
    size: root.bytes.length,
    manifests: manifests.map(({ digest, bytes }) => ({ hex: hexOf(digest), size: bytes.length })),
    omitted,
    blobs,
  };
}

/** Makes the files of the lists of referrers of an image. */
function keepLists({ artifacts = [] }: Relocation, output: string): BundledReferrers[] {
  return referrersLists(artifacts).map(({ subject, digest, bytes }) => {
    writeFileSync(join(output, BLOBS, hexOf(digest)), bytes);
    return { hex: hexOf(digest), size: Buffer.byteLength(bytes), subject };
  });
}

/** Several images of a repository may have the same artifacts, but not others at the same tag. */
function assertOneManifestPerTag(images: readonly BundledImage[]): void {
  const digests = new Map<string, string>();
  for (const { target, artifacts, referrers } of images) {
    const tagged = artifacts.flatMap(({ tag, digest }) => (tag ? [{ tag, digest }] : []));
    const lists = referrers.map(({ subject, hex }) => ({
      tag: fallbackTag(subject),
      digest: `sha256:${hex}`,
    }));
    for (const { tag, digest } of [...tagged, ...lists]) {
      const name = `${repositoryName(target)}:${tag}`;
      if ((digests.get(name) ?? digest) !== digest) {
        throw new InputError([
          {
            message: `two images of the plan have different artifacts for the tag ${name}`,
            hint: 'Lock the release again, so that the digests file says the same of both.',
          },
        ]);
      }
      digests.set(name, digest);
    }
  }
}

interface Wanted {
  readonly blob: Blob;
  readonly from: FoundImage;
}

/** The blobs that the bundle is to hold, each once, with an image whose source has it. */
function wantedBlobs(images: readonly BundledImage[], found: readonly FoundImage[]): Wanted[] {
  const wanted = new Map<string, Wanted>();
  images.forEach((image, index) => {
    const from = found[index];
    const blobs = contentsOf(image).flatMap((contents) => contents.blobs);
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
