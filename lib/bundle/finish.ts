import { createHash } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { formatReference } from '../image/reference.ts';
import { InputError } from '../input/problem.ts';
import type { Manifest } from '../registry/client.ts';
import { hexOf, mediaTypeOf } from './contents.ts';
import { type BundledImage, type OwnImage, renderLoadPlan } from './load-plan.ts';
import { distribute, type PartFile, pieceCount } from './parts.ts';
import { LOAD_SCRIPT } from './script.ts';

export interface FinishOptions {
  /** The folder of the bundle, with all blobs in it. */
  readonly output: string;
  readonly images: readonly BundledImage[];
  readonly own: readonly OwnImage[];
  /** What the tag of each image names, in the same order. */
  readonly roots: readonly Manifest[];
  readonly partSize?: number;
}

/** Puts everything beside the blobs into the folder, distributes it over parts, and writes the checksums. */
export async function finish(
  options: FinishOptions,
): Promise<{ bytes: number; parts: number; digest: string }> {
  const { output, images, own, roots, partSize } = options;
  const blobs = blobFiles(images, output);
  const total = (files: readonly PartFile[]): number => files.reduce((sum, { size }) => sum + size, 0);
  const texts = (parts: number): Record<string, string> => ({
    'index.json': renderIndex(images, roots),
    'load.plan': renderLoadPlan({ parts, images: withPieces(images, parts > 1 ? partSize : undefined), own }),
    'load.sh': LOAD_SCRIPT,
    'oci-layout': '{"imageLayoutVersion":"1.0.0"}',
  });
  // With room for the longest number of parts and for the checksums.
  const first = Object.values(texts(999)).reduce((sum, text) => sum + Buffer.byteLength(text) + 100, 0);
  const whole = partSize === undefined || total(blobs) + blobs.length * 100 + first <= partSize;
  if (partSize !== undefined) refuseCutManifests(images, output, partSize);
  const parts = whole ? [blobs] : distribute(blobs, partSize, first);
  const written = texts(parts.length);
  let bytes = 0;
  for (const [index, files] of parts.entries()) {
    const folder = whole ? output : join(output, `part-${String(index + 1).padStart(3, '0')}`);
    bytes += await writePart(folder, files, output, index === 0 ? written : {});
  }
  removeOthers(output, whole ? blobs : []);
  return { bytes, parts: parts.length, digest: `sha256:${sha256(written['load.plan'] ?? '')}` };
}

/** Only configurations and layers are cut: what has no room for a whole manifest is no part. */
function refuseCutManifests(images: readonly BundledImage[], output: string, partSize: number): void {
  const sizes = images.flatMap(({ digest, manifests }) =>
    [hexOf(digest), ...manifests].map((hex) => statSync(join(output, 'blobs/sha256', hex)).size),
  );
  const largest = Math.max(0, ...sizes);
  if (pieceCount(largest, partSize) === 1) return;
  throw new InputError([
    { message: `parts of ${partSize} bytes are too small: one manifest has ${largest} bytes` },
  ]);
}

/** Every blob and manifest that the bundle holds, each once, in the order of their digests. */
function blobFiles(images: readonly BundledImage[], output: string): PartFile[] {
  const held = images.flatMap(({ digest, manifests, blobs }) => [
    hexOf(digest),
    ...manifests,
    ...blobs.filter(({ heldBy }) => !heldBy).map(({ hex }) => hex),
  ]);
  return [...new Set(held)].sort().map((hex) => {
    const path = `blobs/sha256/${hex}`;
    return { path, size: statSync(join(output, path)).size };
  });
}

/** What an unfinished run of another plan left, and of a bundle in parts the folder that they were made from. */
function removeOthers(output: string, files: readonly PartFile[]): void {
  const paths = new Set(files.map(({ path }) => path));
  for (const name of readdirSync(join(output, 'blobs/sha256'))) {
    if (!paths.has(`blobs/sha256/${name}`)) rmSync(join(output, 'blobs/sha256', name));
  }
  if (files.length === 0) rmSync(join(output, 'blobs'), { recursive: true });
}

function withPieces(images: readonly BundledImage[], partSize: number | undefined): BundledImage[] {
  if (partSize === undefined) return [...images];
  return images.map((image) => ({
    ...image,
    blobs: image.blobs.map((blob) => ({
      ...blob,
      pieces: blob.heldBy ? 1 : pieceCount(blob.size, partSize),
    })),
  }));
}

/** The layout's index (OCI image specification, "Image Layout"): every image by the name of its target. */
function renderIndex(images: readonly BundledImage[], roots: readonly Manifest[]): string {
  const manifests = images.map(({ target }, index) => {
    const root = roots[index];
    return {
      mediaType: root && mediaTypeOf(root),
      digest: root?.digest,
      size: root?.bytes.length,
      annotations: {
        'org.opencontainers.image.ref.name': formatReference({
          registry: target.registry,
          repository: target.repository,
          tag: target.tag,
        }),
      },
    };
  });
  return `${JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests }, null, 2)}\n`;
}

/** Moves or cuts the files of one part into its folder, and writes its checksums last. */
async function writePart(
  folder: string,
  files: readonly PartFile[],
  output: string,
  texts: Readonly<Record<string, string>>,
): Promise<number> {
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  const sums: string[] = [];
  let bytes = 0;
  for (const file of files) {
    const target = join(folder, file.path);
    if (file.piece) {
      const source = join(output, file.piece.of);
      sums.push(`${await cut(source, file.piece.from, file.size, target)}  ${file.path}\n`);
    } else {
      if (folder !== output) renameSync(join(output, file.path), target);
      sums.push(`${file.path.slice('blobs/sha256/'.length)}  ${file.path}\n`);
    }
    bytes += file.size;
  }
  for (const [path, text] of Object.entries(texts)) {
    writeFileSync(join(folder, path), text);
    sums.push(`${sha256(text)}  ${path}\n`);
    bytes += Buffer.byteLength(text);
  }
  const list = sums.join('');
  writeFileSync(join(folder, 'SHA256SUMS'), list);
  return bytes + Buffer.byteLength(list);
}

async function cut(source: string, from: number, size: number, target: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(
    createReadStream(source, { start: from, end: from + size - 1 }),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(target),
  );
  return hash.digest('hex');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
