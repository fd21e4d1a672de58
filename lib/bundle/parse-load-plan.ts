import type { InputError } from '../input/problem.ts';
import { LIMITS } from './limits.ts';
import {
  type BundledBlob,
  type BundledFile,
  type BundledImage,
  FORMAT,
  type LoadPlan,
  OTHER_PATHS,
  type OtherFile,
  type OwnImage,
  type Piece,
  type Placement,
} from './load-plan.ts';
import {
  type Fields,
  isHolder,
  parseContainers,
  parseHex,
  parseNumber,
  parseTarget,
} from './load-plan-fields.ts';
import { LoadPlanLines } from './load-plan-lines.ts';

/** One image while its lines are read. */
interface OpenImage extends BundledImage {
  readonly manifests: BundledFile[];
  readonly omitted: BundledFile[];
  readonly blobs: BundledBlob[];
}

/**
 * Reads `load.plan`. The file may come from a hostile medium: everything is bounded, every line has exactly the fields of
 * its kind, no file is described in two ways, and no target is named twice.
 *
 * @param file its name, for errors
 * @throws InputError with the first line that is wrong
 */
export function parseLoadPlan(text: string, file: string): LoadPlan {
  return new Parser(text, file).parse();
}

class Parser {
  readonly #lines: LoadPlanLines;
  #parts = 0;
  readonly #files: OtherFile[] = [];
  readonly #images: OpenImage[] = [];
  readonly #own: OwnImage[] = [];
  readonly #placements = new Map<string, Placement>();
  /** How each file was described first. */
  readonly #described = new Map<string, string>();
  readonly #targets = new Set<string>();
  /** The digests that the image at hand has named so far. */
  #named = new Set<string>();
  #manifestBytes = 0;

  constructor(text: string, file: string) {
    this.#lines = new LoadPlanLines(text, file);
  }

  parse(): LoadPlan {
    this.#readHeader();
    for (;;) {
      const fields = this.#lines.next();
      if (fields[0] === 'end') break;
      this.#readLine(fields);
    }
    this.#lines.assertEnd();
    if (this.#files.length !== OTHER_PATHS.length) {
      throw this.#wrong(`expected one "file" line for each of ${OTHER_PATHS.join(', ')}`);
    }
    return {
      parts: this.#parts,
      files: this.#files,
      images: this.#images,
      own: this.#own,
      placements: this.#placements,
    };
  }

  #readHeader(): void {
    const [, version, parts] = /^bundle (\d{1,9}) parts ([1-9]\d{0,8})$/.exec(this.#lines.first) ?? [];
    const old = this.#lines.following.startsWith('bundle 1 ');
    if (version === undefined && !old)
      throw this.#wrong(`expected "bundle ${FORMAT} parts" and their number`);
    if (old || Number(version) !== FORMAT) {
      throw this.#wrong(
        `the bundle has format ${version ?? 1}; this version of ess-airgap reads format ${FORMAT}`,
        'Use the version of ess-airgap that made the bundle, or make the bundle again.',
      );
    }
    this.#parts = Number(parts);
    if (this.#parts > LIMITS.parts) {
      throw this.#wrong(`the bundle has ${this.#parts} parts; expected ${LIMITS.parts} at most`);
    }
  }

  #readLine(fields: readonly string[]): void {
    const [kind = '', ...rest] = fields;
    if (kind === 'file') this.#readFile(rest);
    else if (kind === 'image') this.#readImage(rest);
    else if (kind === 'manifest') this.#readManifest(rest);
    else if (kind === 'omitted') this.#readOmitted(rest);
    else if (kind === 'config' || kind === 'layer') this.#readBlob(kind, rest);
    else if (kind === 'absent') this.#readAbsent(rest);
    else if (kind === 'own') this.#readOwn(rest);
    else if (kind === 'piece') {
      throw this.#wrong('a "piece" line follows only a layer or configuration that is cut');
    } else {
      throw this.#wrong(
        `"${kind.slice(0, 40)}" is not a kind of line in format ${FORMAT}`,
        'Use the version of ess-airgap that made the bundle.',
      );
    }
  }

  #readFile(fields: readonly string[]): void {
    const [digest, size, path] = this.#fields(fields, 3);
    const known = OTHER_PATHS[this.#files.length];
    if (known === undefined || path !== known) {
      throw this.#wrong(`expected one line for each of ${OTHER_PATHS.join(', ')}, in this order`);
    }
    this.#files.push({ hex: this.#hex(digest), size: this.#size(size, LIMITS.planBytes), path: known });
  }

  #readImage(fields: readonly string[]): void {
    const [digest, size, part, target, containers] = this.#fields(fields, 5);
    if (this.#own.length > 0) throw this.#wrong('an "image" line after the first "own" line');
    this.#named = new Set();
    const { hex, size: bytes } = this.#readWhole(digest, size, part);
    this.#images.push({
      target: this.#target(target),
      digest: `sha256:${hex}`,
      size: bytes,
      containers: this.#containers(containers),
      manifests: [],
      omitted: [],
      blobs: [],
    });
  }

  #readManifest(fields: readonly string[]): void {
    const [digest, size, part] = this.#fields(fields, 3);
    this.#image().manifests.push(this.#readWhole(digest, size, part));
  }

  /** Nobody reads the manifest of another platform: it may be in the bundle for another image. */
  #readOmitted(fields: readonly string[]): void {
    const [digest, size] = this.#fields(fields, 2);
    const file = { hex: this.#hex(digest), size: this.#size(size, LIMITS.manifestBytes) };
    this.#once(file.hex);
    this.#image().omitted.push(file);
  }

  /** An index or a manifest, which is never cut. */
  #readWhole(digest: string, size: string, part: string): BundledFile {
    const file = { hex: this.#hex(digest), size: this.#size(size, LIMITS.manifestBytes) };
    const isNew = !this.#placements.has(file.hex);
    this.#describe(file, this.#part(part));
    if (isNew) this.#manifestBytes += file.size;
    if (this.#manifestBytes > LIMITS.allManifestsBytes) {
      throw this.#wrong(`the manifests have more than ${LIMITS.allManifestsBytes} bytes together`);
    }
    return file;
  }

  #readBlob(kind: 'config' | 'layer', fields: readonly string[]): void {
    const [digest, size, part] = this.#fields(fields, 3);
    const file = { hex: this.#hex(digest), size: this.#size(size, LIMITS.blobBytes) };
    const image = this.#image();
    this.#describe(file, part === '-' ? this.#readPieces(file) : this.#part(part));
    image.blobs.push({ ...file, kind });
  }

  #readPieces({ hex, size }: BundledFile): Piece[] {
    const pieces: Piece[] = [];
    let bytes = 0;
    while (this.#lines.following.startsWith('piece ')) {
      const [digest, length, part] = this.#fields(this.#lines.next().slice(1), 3);
      const piece = {
        hex: this.#hex(digest),
        size: this.#size(length, LIMITS.blobBytes),
        part: this.#part(part),
      };
      pieces.push(piece);
      bytes += piece.size;
      // A piece is as large as a part can hold, so no part holds two of one file.
      if (pieces.length > this.#parts || bytes > size || piece.size === 0) break;
    }
    if (bytes === size && pieces.length > 1 && pieces.length <= this.#parts) return pieces;
    throw this.#wrong(`the pieces of sha256:${hex} do not add up to its ${size} bytes`);
  }

  #readAbsent(fields: readonly string[]): void {
    const [digest, size, holder] = this.#fields(fields, 3);
    const file = { hex: this.#hex(digest), size: this.#size(size, LIMITS.blobBytes) };
    if (!isHolder(holder)) this.#expected('the image of an older bundle as registry/repository@digest');
    this.#once(file.hex);
    this.#same(file, 'absent');
    this.#image().blobs.push({ ...file, kind: 'layer', heldBy: holder });
  }

  #readOwn(fields: readonly string[]): void {
    const [digest, target, containers] = this.#fields(fields, 3);
    this.#own.push({
      target: this.#target(target),
      ...(digest !== '-' && { digest: `sha256:${this.#hex(digest)}` }),
      containers: this.#containers(containers),
    });
  }

  // The parts of a line.

  #fields<N extends 2 | 3 | 5>(fields: readonly string[], count: N): Fields[N] {
    if (fields.length !== count || fields.includes('')) {
      throw this.#wrong(`expected ${count} fields after the first, with one blank between two`);
    }
    return fields as never;
  }

  #hex(digest: string): string {
    return parseHex(digest) ?? this.#expected('a digest: sha256: and 64 hexadecimal digits');
  }

  #size(text: string, limit: number): number {
    return parseNumber(text, limit) ?? this.#expected(`a size of at most ${limit} bytes`);
  }

  #part(text: string): number {
    // Zero is no part, and not undefined.
    return parseNumber(text, this.#parts) || this.#expected(`the number of a part, from 1 to ${this.#parts}`);
  }

  #target(text: string): OwnImage['target'] {
    const target = parseTarget(text) ?? this.#expected('a target as registry/repository:tag');
    if (this.#targets.has(text)) throw this.#wrong(`a second image for the target ${text}`);
    this.#targets.add(text);
    return target;
  }

  #containers(text: string): string[] {
    return (
      parseContainers(text) ??
      this.#expected('containers as component/container, with a comma between two, or "-"')
    );
  }

  #expected(what: string): never {
    throw this.#wrong(`expected ${what}`);
  }

  #image(): OpenImage {
    const image = this.#images.at(-1);
    if (!image || this.#own.length > 0) throw this.#wrong('the line belongs to no image');
    if (image.blobs.length + image.manifests.length + image.omitted.length >= LIMITS.descriptors * 100) {
      throw this.#wrong('the image has too many files');
    }
    return image;
  }

  /** A file may belong to several images, but must be described in the same way each time. */
  #describe(file: BundledFile, placement: Placement): void {
    this.#once(file.hex);
    this.#same(file, JSON.stringify(placement));
    this.#placements.set(file.hex, placement);
  }

  #once(hex: string): void {
    if (this.#named.has(hex)) throw this.#wrong(`the image names sha256:${hex} twice`);
    this.#named.add(hex);
  }

  #same({ hex, size }: BundledFile, where: string): void {
    const description = `${size} ${where}`;
    const known = this.#described.get(hex) ?? description;
    if (known !== description) throw this.#wrong(`sha256:${hex} has another size or place in a line before`);
    this.#described.set(hex, description);
  }

  #wrong(message: string, hint?: string): InputError {
    return this.#lines.wrong(message, hint);
  }
}
