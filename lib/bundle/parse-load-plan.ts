import { MAX_ARTIFACTS } from '../digests/artifacts.ts';
import { repositoryName } from '../image/reference.ts';
import type { InputError } from '../input/problem.ts';
import { fallbackTag } from '../plan/referrers-list.ts';
import { LIMITS } from './limits.ts';
import {
  type BundledArtifact,
  type BundledBlob,
  type BundledContents,
  type BundledFile,
  type BundledImage,
  type BundledReferrers,
  FORMAT,
  type LoadPlan,
  OTHER_PATHS,
  type OtherFile,
  type OwnImage,
  type Piece,
} from './load-plan.ts';
import { LoadPlanFields } from './load-plan-fields.ts';
import { LoadPlanLines } from './load-plan-lines.ts';
import { LoadPlanNames } from './load-plan-names.ts';

/** What is pushed by itself, while its lines are read. */
interface OpenContents extends BundledContents {
  readonly manifests: BundledFile[];
  readonly omitted: BundledFile[];
  readonly blobs: BundledBlob[];
}

interface OpenImage extends BundledImage, OpenContents {
  readonly manifests: BundledFile[];
  readonly omitted: BundledFile[];
  readonly blobs: BundledBlob[];
  readonly artifacts: BundledArtifact[];
  readonly referrers: BundledReferrers[];
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
  readonly #fields: LoadPlanFields;
  readonly #names: LoadPlanNames;
  #parts = 0;
  readonly #files: OtherFile[] = [];
  readonly #images: OpenImage[] = [];
  readonly #own: OwnImage[] = [];
  /** The image or the artifact that the next lines belong to. */
  #contents: OpenContents | undefined;
  /** The digests of the current image that an artifact can belong to. */
  #subjects = new Set<string>();

  constructor(text: string, file: string) {
    this.#lines = new LoadPlanLines(text, file);
    this.#fields = new LoadPlanFields(this.#lines);
    this.#names = new LoadPlanNames(this.#lines);
  }

  parse(): LoadPlan {
    this.#readHeader();
    for (;;) {
      const fields = this.#lines.next();
      // What ends an image.
      if (fields[0] === 'image' || fields[0] === 'own' || fields[0] === 'end') this.#closeImage();
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
      placements: this.#names.placements,
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
    else if (kind === 'artifact') this.#readArtifact(rest);
    else if (kind === 'referrers') this.#readReferrers(rest);
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
    const [digest, size, path] = this.#fields.words(fields, 3);
    const known = OTHER_PATHS[this.#files.length];
    if (known === undefined || path !== known) {
      throw this.#wrong(`expected one line for each of ${OTHER_PATHS.join(', ')}, in this order`);
    }
    this.#files.push({
      hex: this.#fields.hex(digest),
      size: this.#fields.size(size, LIMITS.planBytes),
      path: known,
    });
  }

  #readImage(fields: readonly string[]): void {
    const [digest, size, part, target, containers] = this.#fields.words(fields, 5);
    if (this.#own.length > 0) throw this.#wrong('an "image" line after the first "own" line');
    this.#names.addTarget(target, digest);
    this.#subjects = new Set();
    const image: OpenImage = {
      ...this.#readRoot(digest, size, part),
      target: this.#fields.target(target),
      containers: this.#fields.containers(containers),
      artifacts: [],
      referrers: [],
    };
    this.#images.push(image);
    this.#contents = image;
  }

  #readArtifact(fields: readonly string[]): void {
    const [digest, size, part, subject, tag] = this.#fields.words(fields, 5);
    const image = this.#image();
    if (image.referrers.length > 0)
      throw this.#wrong('an "artifact" line after a "referrers" line of the image');
    if (image.artifacts.length >= MAX_ARTIFACTS) {
      throw this.#wrong(`the image has more than ${MAX_ARTIFACTS} artifacts`);
    }
    if (!this.#subjects.has(subject)) {
      this.#fields.expected(
        'the digest of the image, of a manifest below it or of an earlier artifact as subject',
      );
    }
    const cosignTag = this.#fields.cosignTag(tag, subject);
    if (cosignTag !== undefined) this.#names.addTag(tagOf(image, cosignTag), digest);
    else if (image.artifacts.some((it) => it.tag === undefined && it.digest === digest)) {
      throw this.#wrong(`the image names the artifact ${digest} twice`);
    }
    const root = this.#readRoot(digest, size, part);
    const artifact = { ...root, subject, ...(cosignTag !== undefined && { tag: cosignTag }) };
    image.artifacts.push(artifact);
    this.#contents = artifact;
  }

  #readReferrers(fields: readonly string[]): void {
    const [digest, size, part, subject] = this.#fields.words(fields, 4);
    const image = this.#image();
    if (!image.artifacts.some((it) => it.subject === subject && it.tag === undefined)) {
      throw this.#wrong('expected the subject of an artifact of the image that has no tag');
    }
    this.#contents = undefined;
    this.#names.begin();
    if (image.referrers.some((it) => it.subject === subject)) {
      throw this.#wrong(`a second list of the referrers of ${subject}`);
    }
    this.#names.addTag(tagOf(image, fallbackTag(subject)), digest);
    image.referrers.push({ ...this.#readWhole(digest, size, part), subject });
  }

  /** With one list of referrers, an image has that of every subject. */
  #closeImage(): void {
    const image = this.#images.at(-1);
    this.#contents = undefined;
    if (!image || image.referrers.length === 0 || this.#own.length > 0) return;
    const listed = new Set(image.referrers.map(({ subject }) => subject));
    const left = image.artifacts.find(({ subject, tag }) => tag === undefined && !listed.has(subject));
    if (left) throw this.#wrong(`there is no list of the referrers of ${left.subject}`);
  }

  /** Begins what is pushed by itself. */
  #readRoot(digest: string, size: string, part: string): OpenContents {
    this.#names.begin();
    const { hex, size: bytes } = this.#readWhole(digest, size, part);
    this.#subjects.add(`sha256:${hex}`);
    return { digest: `sha256:${hex}`, size: bytes, manifests: [], omitted: [], blobs: [] };
  }

  #readManifest(fields: readonly string[]): void {
    const [digest, size, part] = this.#fields.words(fields, 3);
    const contents = this.#open();
    contents.manifests.push(this.#readWhole(digest, size, part));
    this.#subjects.add(digest);
  }

  #readOmitted(fields: readonly string[]): void {
    const [digest, size] = this.#fields.words(fields, 2);
    const file = { hex: this.#fields.hex(digest), size: this.#fields.size(size, LIMITS.manifestBytes) };
    this.#names.addOmitted(file);
    this.#open().omitted.push(file);
    this.#subjects.add(digest);
  }

  /** An index or a manifest, which is never cut. */
  #readWhole(digest: string, size: string, part: string): BundledFile {
    const file = { hex: this.#fields.hex(digest), size: this.#fields.size(size, LIMITS.manifestBytes) };
    this.#names.addManifest(file, this.#fields.part(part, this.#parts));
    return file;
  }

  #readBlob(kind: 'config' | 'layer', fields: readonly string[]): void {
    const [digest, size, part] = this.#fields.words(fields, 3);
    const file = { hex: this.#fields.hex(digest), size: this.#fields.size(size, LIMITS.blobBytes) };
    const contents = this.#open();
    this.#names.addFile(file, part === '-' ? this.#readPieces(file) : this.#fields.part(part, this.#parts));
    contents.blobs.push({ ...file, kind });
  }

  #readPieces({ hex, size }: BundledFile): Piece[] {
    const pieces: Piece[] = [];
    let bytes = 0;
    while (this.#lines.following.startsWith('piece ')) {
      const [digest, length, part] = this.#fields.words(this.#lines.next().slice(1), 3);
      const piece = {
        hex: this.#fields.hex(digest),
        size: this.#fields.size(length, LIMITS.blobBytes),
        part: this.#fields.part(part, this.#parts),
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
    const [digest, size, holder] = this.#fields.words(fields, 3);
    const file = { hex: this.#fields.hex(digest), size: this.#fields.size(size, LIMITS.blobBytes) };
    this.#names.addAbsent(file);
    this.#open().blobs.push({ ...file, kind: 'layer', heldBy: this.#fields.holder(holder) });
  }

  #readOwn(fields: readonly string[]): void {
    const [digest, target, containers] = this.#fields.words(fields, 3);
    this.#names.addTarget(target, digest);
    this.#own.push({
      target: this.#fields.target(target),
      ...(digest !== '-' && { digest: `sha256:${this.#fields.hex(digest)}` }),
      containers: this.#fields.containers(containers),
    });
  }

  #image(): OpenImage {
    const image = this.#images.at(-1);
    if (!image || this.#own.length > 0) throw this.#wrong('the line belongs to no image');
    return image;
  }

  /** The image or artifact that the current line belongs to. */
  #open(): OpenContents {
    const contents = this.#contents;
    if (!contents) throw this.#wrong('the line belongs to no image');
    const { blobs, manifests, omitted } = contents;
    if (blobs.length + manifests.length + omitted.length >= LIMITS.descriptors * 100) {
      throw this.#wrong('the image has too many files');
    }
    return contents;
  }

  #wrong(message: string, hint?: string): InputError {
    return this.#lines.wrong(message, hint);
  }
}

function tagOf({ target }: OpenImage, tag: string): string {
  return `${repositoryName(target)}:${tag}`;
}
