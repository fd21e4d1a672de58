import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, type Problem } from '../input/problem.ts';
import { type Blob, hexOf } from './contents.ts';
import { disagreements } from './disagreements.ts';
import { BLOBS } from './folder.ts';
import { FAULTS, hashInto, isWhole, openRegular } from './hash-file.ts';
import { type BundledFile, type BundledImage, contentsOf, type LoadPlan, type Piece } from './load-plan.ts';
import type { OpenBundle } from './open-bundle.ts';
import { formatSize } from './parts.ts';

/** A bundle every file of which was found to be what its load.plan says. */
export interface CheckedBundle {
  /** The bytes of every index and manifest, as they were hashed: what is on the medium may change later. */
  readonly manifests: ReadonlyMap<string, Buffer>;
  /** The paths of every configuration and layer that is there, in the order of its pieces. */
  readonly blobs: ReadonlyMap<string, readonly string[]>;
}

export interface CheckOptions {
  /** Folders of older bundles, for the layers that this one leaves out. */
  readonly older: readonly string[];
  readonly onProgress?: (text: string) => void;
}

const MAX_PROBLEMS = 100;

/**
 * Verifies every file of a bundle against its load.plan: that it is a regular file of the bundle, its size, its digest, and
 * that the manifests name exactly the files that the plan lists. Reads no file that the plan does not name, and no more of
 * one than the plan says.
 *
 * @throws InputError with everything that is missing, damaged or not what it should be
 */
export async function checkBundle(bundle: OpenBundle, options: CheckOptions): Promise<CheckedBundle> {
  const check = new Check(bundle, options);
  await check.run();
  return check;
}

class Check implements CheckedBundle {
  readonly manifests = new Map<string, Buffer>();
  readonly blobs = new Map<string, readonly string[]>();
  readonly #plan: LoadPlan;
  readonly #folders: readonly string[];
  readonly #older: readonly string[];
  readonly #onProgress: (text: string) => void;
  readonly #problems: Problem[] = [];
  readonly #total: number;
  #done = 0;

  constructor({ plan, folders }: OpenBundle, { older, onProgress = () => {} }: CheckOptions) {
    this.#plan = plan;
    this.#folders = folders;
    this.#older = older;
    this.#onProgress = onProgress;
    const blobs = plan.images
      .flatMap(contentsOf)
      .flatMap((contents) => contents.blobs.filter(({ heldBy }) => !heldBy));
    const sizes = new Map(blobs.map(({ hex, size }) => [hex, size]));
    this.#total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  }

  async run(): Promise<void> {
    this.#checkFolders();
    this.#stopIfWrong();
    for (const { path, hex, size } of this.#plan.files) {
      await this.#read(join(this.#folders[0] ?? '', path), { hex, size });
    }
    const { images } = this.#plan;
    const contents = images.flatMap(contentsOf);
    for (const { digest, size, manifests } of contents) {
      for (const file of [{ hex: hexOf(digest), size }, ...manifests]) await this.#checkManifest(file);
    }
    for (const { referrers } of images) for (const list of referrers) await this.#checkManifest(list);
    this.#stopIfWrong();
    for (const image of images) this.#compareContents(image);
    this.#stopIfWrong();
    for (const blob of contents.flatMap(({ blobs }) => blobs)) {
      if (blob.heldBy) await this.#findInOlder(blob);
      else await this.#checkBlob(blob);
    }
    this.#stopIfWrong();
  }

  /** The folders of the bundle are its own: a link would lead out of it. */
  #checkFolders(): void {
    this.#folders.forEach((folder, index) => {
      for (const path of [folder, join(folder, 'blobs'), join(folder, BLOBS)]) {
        const stat = lstatSync(path, { throwIfNoEntry: false });
        if (stat?.isDirectory()) continue;
        // The folder of an unsplit bundle is the one that the user named, which may be a link.
        if (stat?.isSymbolicLink() && path === folder && this.#plan.parts === 1) continue;
        this.#wrong(path, stat ? 'is not a folder' : 'is missing', index + 1);
        break;
      }
    });
  }

  async #checkManifest(file: BundledFile): Promise<void> {
    if (this.manifests.has(file.hex)) return;
    const part = this.#plan.placements.get(file.hex);
    if (typeof part !== 'number') throw new Error(`no part holds ${file.hex}`);
    const bytes = await this.#read(this.#path(file, part), file, part);
    // Also if it is wrong, so that it is reported once.
    this.manifests.set(file.hex, bytes ?? Buffer.alloc(0));
  }

  /** The bytes of a small file that has the size and the digest that it should have. */
  async #read(path: string, { hex, size }: BundledFile, part = 1): Promise<Buffer | undefined> {
    const opened = await this.#open(path, size, part);
    if (!opened) return undefined;
    try {
      const bytes = Buffer.alloc(size);
      const { bytesRead } = await opened.file.read(bytes, 0, size, 0);
      if (bytesRead === size && createHash('sha256').update(bytes).digest('hex') === hex) return bytes;
    } finally {
      await opened.file.close();
    }
    this.#wrong(path, `is damaged: it does not have the digest sha256:${hex}`, part);
    return undefined;
  }

  async #checkBlob(blob: BundledFile): Promise<void> {
    if (this.blobs.has(blob.hex)) return;
    const placement = this.#plan.placements.get(blob.hex) ?? [];
    const pieces: readonly Piece[] =
      typeof placement === 'number' ? [{ ...blob, part: placement }] : placement;
    const paths = pieces.map((piece) => this.#path(piece, piece.part));
    this.blobs.set(blob.hex, paths);
    const whole = createHash('sha256');
    for (const [index, piece] of pieces.entries()) {
      const opened = await this.#open(paths[index] ?? '', piece.size, piece.part);
      if (!opened) return;
      try {
        await hashInto(whole, opened.file, piece.size, (bytes) => this.#advance(bytes));
      } finally {
        await opened.file.close();
      }
    }
    if (whole.digest('hex') === blob.hex) return;
    for (const [index, piece] of pieces.entries()) {
      if (await isWhole(paths[index] ?? '', piece)) continue;
      this.#wrong(
        paths[index] ?? '',
        `is damaged: it does not have the digest sha256:${piece.hex}`,
        piece.part,
      );
      return;
    }
    this.#problems.push({ message: `the pieces of sha256:${blob.hex} do not make a file with this digest` });
  }

  async #open(path: string, size: number, part: number): Promise<{ readonly file: FileHandle } | undefined> {
    const opened = await openRegular(path);
    if (typeof opened === 'string') {
      this.#wrong(path, FAULTS[opened], part);
      return undefined;
    }
    if (opened.size === size) return opened;
    await opened.file.close();
    this.#wrong(path, `has ${opened.size} bytes; expected ${size}`, part);
    return undefined;
  }

  /** A layer that this bundle leaves out: from the folder of an older one if it is there, or else the registry has it. */
  async #findInOlder({ hex, size }: Blob): Promise<void> {
    if (this.blobs.has(hex)) return;
    for (const older of this.#older) {
      for (const folder of [older, ...partsIn(older)]) {
        const path = join(folder, BLOBS, hex);
        if (!lstatSync(path, { throwIfNoEntry: false })) continue;
        if (await isWhole(path, { hex, size })) {
          this.blobs.set(hex, [path]);
          return;
        }
        this.#wrong(path, `is damaged or not a regular file: expected the digest sha256:${hex}`);
      }
    }
  }

  /** Compares what the manifests of an image and its artifacts name with what the plan lists for it. */
  #compareContents(image: BundledImage): void {
    const { repository, tag } = image.target;
    for (const why of disagreements(image, (hex) => this.manifests.get(hex) ?? Buffer.alloc(0))) {
      this.#problems.push({
        message: `load.plan and the manifests of ${repository}:${tag} disagree: ${why}`,
      });
    }
  }

  #path({ hex }: BundledFile, part: number): string {
    return join(this.#folders[part - 1] ?? '', BLOBS, hex);
  }

  #advance(bytes: number): void {
    this.#done += bytes;
    this.#onProgress(`${formatSize(this.#done)} of ${formatSize(this.#total)} verified`);
  }

  #wrong(path: string, why: string, part?: number): void {
    const again =
      part !== undefined && this.#plan.parts > 1 ? `Carry part ${part} to this side again.` : undefined;
    this.#problems.push({ message: `${path} ${why}`, ...(again && { hint: again }) });
  }

  #stopIfWrong(): void {
    if (this.#problems.length === 0) return;
    const more = this.#problems.length - MAX_PROBLEMS;
    throw new InputError([
      ...this.#problems.slice(0, MAX_PROBLEMS),
      ...(more > 0 ? [{ message: `and ${more} more` }] : []),
      { message: 'the bundle is not whole; nothing was pushed' },
    ]);
  }
}

function partsIn(older: string): string[] {
  const folders: string[] = [];
  for (let part = 1; ; part++) {
    const folder = join(older, `part-${String(part).padStart(3, '0')}`);
    if (!lstatSync(folder, { throwIfNoEntry: false })) return folders;
    folders.push(folder);
  }
}
