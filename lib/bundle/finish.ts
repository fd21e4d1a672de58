import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../input/problem.ts';
import { hexOf } from './contents.ts';
import { BLOBS, partFolder, writeDurably } from './folder.ts';
import { renderLayoutIndex } from './layout-index.ts';
import {
  type BundledImage,
  contentsOf,
  type OtherFile,
  type OwnImage,
  type Placement,
  renderLoadPlan,
} from './load-plan.ts';
import { distribute, type PartFile, pieceCount } from './parts.ts';
import type { FoundImage } from './read-images.ts';
import { LOAD_SCRIPT } from './script.ts';

export interface FinishOptions {
  /** The folder of the bundle, with all blobs in it. */
  readonly output: string;
  readonly images: readonly BundledImage[];
  readonly own: readonly OwnImage[];
  /** The same images, with the bytes of their manifests. */
  readonly found: readonly FoundImage[];
  readonly partSize?: number;
}

/** What became of the folder. */
export interface Finished {
  /** Of all files. */
  readonly bytes: number;
  readonly parts: number;
  /** `sha256:…` of load.plan. */
  readonly digest: string;
  /** `sha256:…` of load.sh. */
  readonly scriptDigest: string;
}

/** Puts everything beside the blobs into the folder, distributes it over parts, and writes the checksums. */
export async function finish(options: FinishOptions): Promise<Finished> {
  const { output, images, own, found } = options;
  const blobs = blobFiles(images, output);
  const others = {
    'index.json': renderLayoutIndex(images, found),
    'load.sh': LOAD_SCRIPT,
    'oci-layout': OCI_LAYOUT,
  };
  const files = Object.entries(others).map(
    ([path, text]) => ({ path, hex: sha256(text), size: Buffer.byteLength(text) }) as OtherFile,
  );
  const render = (parts: number, placements: ReadonlyMap<string, Placement>): string =>
    renderLoadPlan({ parts, files, images, own, placements });
  const parts = distributeAll(options, blobs, (placements) => {
    const texts = [...Object.values(others), render(999, placements)];
    return texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 100, 0);
  });
  const placements = new Map<string, Placement>();
  let bytes = 0;
  let plan = '';
  // The first part comes last: load.plan, which is in it, names all pieces.
  for (let number = parts?.length ?? 1; number > 0; number--) {
    const folder = parts ? partFolder(output, number) : output;
    const moved = await moveFiles(output, folder, number, parts?.[number - 1] ?? blobs, placements);
    if (number === 1) plan = render(parts?.length ?? 1, placements);
    bytes += writeTexts(folder, moved, number === 1 ? { ...others, 'load.plan': plan } : {});
  }
  removeOthers(output, parts ? [] : blobs);
  const scriptDigest = `sha256:${sha256(LOAD_SCRIPT)}`;
  return { bytes, parts: parts?.length ?? 1, digest: `sha256:${sha256(plan)}`, scriptDigest };
}

const OCI_LAYOUT = '{"imageLayoutVersion":"1.0.0"}';

/**
 * The files of each part.
 *
 * @param textBytes how many bytes the files beside the blobs have at most, if the blobs are placed like this
 * @returns nothing if everything fits into one folder
 */
function distributeAll(
  { images, partSize }: FinishOptions,
  blobs: readonly PartFile[],
  textBytes: (placements: ReadonlyMap<string, Placement>) => number,
): PartFile[][] | undefined {
  if (partSize === undefined) return undefined;
  assertManifestsFit(images, partSize);
  const placements = new Map(
    blobs.map((file): [string, Placement] => [nameOf(file), longest(file, partSize)]),
  );
  const first = textBytes(placements);
  const total = blobs.reduce((sum, { size }) => sum + size + 100, first);
  return total <= partSize ? undefined : distribute(blobs, partSize, first);
}

/** The placement of a file that has the longest text in load.plan. */
function longest({ size }: PartFile, partSize: number): Placement {
  const count = pieceCount(size, partSize);
  const piece = { hex: '0'.repeat(64), size: partSize, part: 999 };
  return count === 1 ? 999 : Array.from({ length: count }, () => piece);
}

/** Only configurations and layers are cut: a part must have room for a whole manifest. */
function assertManifestsFit(images: readonly BundledImage[], partSize: number): void {
  const sizes = images.flatMap((image) => [
    ...contentsOf(image).flatMap(({ size, manifests }) => [size, ...manifests.map((it) => it.size)]),
    ...image.referrers.map(({ size }) => size),
  ]);
  const largest = Math.max(0, ...sizes);
  if (pieceCount(largest, partSize) === 1) return;
  throw new InputError([
    { message: `parts of ${partSize} bytes are too small: one manifest has ${largest} bytes` },
  ]);
}

/** Every blob and manifest that the bundle holds, each once, in the order of their digests. */
function blobFiles(images: readonly BundledImage[], output: string): PartFile[] {
  const held = images.flatMap((image) => [
    ...contentsOf(image).flatMap(({ digest, manifests, blobs }) => [
      hexOf(digest),
      ...manifests.map(({ hex }) => hex),
      ...blobs.filter(({ heldBy }) => !heldBy).map(({ hex }) => hex),
    ]),
    ...image.referrers.map(({ hex }) => hex),
  ]);
  return [...new Set(held)].sort().map((hex) => {
    const path = `${BLOBS}/${hex}`;
    return { path, size: statSync(join(output, path)).size };
  });
}

/** Files that an interrupted run of another plan left, and of a bundle in parts the folder that they were made from. */
function removeOthers(output: string, files: readonly PartFile[]): void {
  const names = new Set(files.map(nameOf));
  for (const name of readdirSync(join(output, BLOBS))) {
    if (!names.has(name)) rmSync(join(output, BLOBS, name), { recursive: true });
  }
  if (files.length === 0) rmSync(join(output, 'blobs'), { recursive: true });
}

/**
 * Moves or cuts the files of one part into its folder, and notes where each is now.
 *
 * @returns the files as they are there
 */
async function moveFiles(
  output: string,
  folder: string,
  part: number,
  files: readonly PartFile[],
  placements: Map<string, Placement>,
): Promise<PartFile[]> {
  mkdirSync(join(folder, BLOBS), { recursive: true });
  const moved: PartFile[] = [];
  for (const file of files) {
    if (!file.piece) {
      if (folder !== output) renameSync(join(output, file.path), join(folder, file.path));
      placements.set(nameOf(file), part);
      moved.push(file);
      continue;
    }
    const { of, from, number } = file.piece;
    const provisional = join(folder, file.path);
    const hex = await cut(join(output, of), from, file.size, provisional);
    const path = `${BLOBS}/${hex}`;
    renameSync(provisional, join(folder, path));
    moved.push({ path, size: file.size });
    const layer = nameOf({ path: of });
    const known = placements.get(layer);
    const pieces = typeof known === 'object' ? [...known] : [];
    pieces[number - 1] = { hex, size: file.size, part };
    placements.set(layer, pieces);
  }
  return moved;
}

/** Writes the files beside the blobs, and last the checksums of all; returns how many bytes the folder holds. */
function writeTexts(
  folder: string,
  blobs: readonly PartFile[],
  texts: Readonly<Record<string, string>>,
): number {
  const sums = blobs.map((file) => `${nameOf(file)}  ${file.path}\n`);
  let bytes = blobs.reduce((sum, { size }) => sum + size, 0);
  for (const [path, text] of Object.entries(texts)) {
    writeDurably(join(folder, path), text);
    sums.push(`${sha256(text)}  ${path}\n`);
    bytes += Buffer.byteLength(text);
  }
  const list = sums.join('');
  writeDurably(join(folder, 'SHA256SUMS'), list);
  return bytes + Buffer.byteLength(list);
}

/** Copies a piece of a file; returns the digits of its digest. */
async function cut(source: string, from: number, size: number, target: string): Promise<string> {
  const hash = createHash('sha256');
  const input = await open(source, 'r');
  try {
    const output = await open(target, 'w');
    try {
      const buffer = Buffer.allocUnsafe(1024 * 1024);
      for (let done = 0; done < size; ) {
        const { bytesRead } = await input.read(buffer, 0, Math.min(buffer.length, size - done), from + done);
        if (bytesRead === 0) throw new Error(`${source} became shorter while it was cut`);
        const chunk = buffer.subarray(0, bytesRead);
        hash.update(chunk);
        await output.appendFile(chunk);
        done += bytesRead;
      }
      await output.sync();
    } finally {
      await output.close();
    }
  } finally {
    await input.close();
  }
  return hash.digest('hex');
}

function nameOf({ path }: Pick<PartFile, 'path'>): string {
  return path.slice(BLOBS.length + 1);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
