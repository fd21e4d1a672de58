import { type ImageReference, repositoryName } from '../image/reference.ts';
import { type Blob, hexOf } from './contents.ts';

// The file load.plan: everything that a bundle holds. Whoever knows the digest of this one file knows that of every other.

/**
 * The version of the format, in the first line. A reader rejects every other, and every kind of line that it does not know.
 * A new kind of line therefore needs no new version: older readers reject the bundles that have it, and only these.
 */
export const FORMAT = 2;

/** A file named by its digest: `blobs/sha256/<hex>`. */
export interface BundledFile {
  /** The 64 hexadecimal digits of its sha256 digest. */
  readonly hex: string;
  readonly size: number;
}

/** An index or a manifest, and everything that it consists of. */
export interface BundledContents {
  readonly digest: string;
  /** Of that index or manifest. */
  readonly size: number;
  /** The manifests below the index. */
  readonly manifests: readonly BundledFile[];
  /** Manifests of other platforms, which the index names too and the bundle does not hold. */
  readonly omitted: readonly BundledFile[];
  readonly blobs: readonly BundledBlob[];
}

/** One image of a bundle: what its tag is to name, and what belongs to it. */
export interface BundledImage extends BundledContents {
  readonly target: ImageReference & { readonly tag: string };
  /** `component/container`, in order; none for an image that no container runs. */
  readonly containers: readonly string[];
  /** Signatures, attestations and the like, each after its subject. */
  readonly artifacts: readonly BundledArtifact[];
  /** The lists of referrers that are pushed last, for a registry without the referrers API. */
  readonly referrers: readonly BundledReferrers[];
}

/** A manifest that belongs to an image. */
export interface BundledArtifact extends BundledContents {
  /** The digest that it belongs to: of the image, of a manifest below it, or of another artifact. */
  readonly subject: string;
  /** The tag of cosign 2, which is then all that leads to it. Left out for a referrer. */
  readonly tag?: string;
}

/** The index that clients read at the fallback tag of a subject: all of its referrers. */
export interface BundledReferrers extends BundledFile {
  readonly subject: string;
}

/** A configuration or a layer of an image. */
export interface BundledBlob extends Blob {
  /** The image of an older bundle, `registry/repository@digest`, that brought it, if this bundle leaves it out. */
  readonly heldBy?: string;
}

/** An image of the user's own, which no bundle holds but the registry must have. */
export interface OwnImage {
  readonly target: ImageReference & { readonly tag: string };
  readonly digest?: string;
  readonly containers: readonly string[];
}

/** A piece of a layer that is larger than a part: a file of its own, named by its own digest. */
export interface Piece extends BundledFile {
  readonly part: number;
}

/** The number of the part that holds a file, or the pieces that it is cut into, in order. */
export type Placement = number | readonly Piece[];

/** A file beside the blobs, which load does not need but others do: `index.json`. */
export interface OtherFile extends BundledFile {
  /** Below the folder of the first part. */
  readonly path: OtherPath;
}

/** All of them, in the order of their lines. */
export const OTHER_PATHS = ['index.json', 'load.sh', 'oci-layout'] as const;
export type OtherPath = (typeof OTHER_PATHS)[number];

/** An image, then its artifacts: whatever is pushed by itself. */
export function contentsOf(image: BundledImage): readonly BundledContents[] {
  return [image, ...image.artifacts];
}

/** The contents of `load.plan`. */
export interface LoadPlan {
  readonly parts: number;
  readonly files: readonly OtherFile[];
  readonly images: readonly BundledImage[];
  readonly own: readonly OwnImage[];
  /** Where each file of the images is, by the digits of its digest; none for a layer that is left out. */
  readonly placements: ReadonlyMap<string, Placement>;
}

/** The text of `load.plan`: lines of fields with a blank between two, none of which can hold a blank. */
export function renderLoadPlan({ parts, files, images, own, placements }: LoadPlan): string {
  const lines = [`bundle ${FORMAT} parts ${parts}`];
  for (const { hex, size, path } of files) lines.push(`file sha256:${hex} ${size} ${path}`);
  const addFile = (kind: string, { hex, size }: BundledFile, rest: readonly string[] = []): void => {
    const placement = placements.get(hex) ?? [];
    const whole = typeof placement === 'number';
    lines.push([kind, `sha256:${hex}`, size, whole ? placement : '-', ...rest].join(' '));
    if (whole) return;
    for (const piece of placement) lines.push(`piece sha256:${piece.hex} ${piece.size} ${piece.part}`);
  };
  const addContents = (kind: string, contents: BundledContents, rest: readonly string[]): void => {
    addFile(kind, { hex: hexOf(contents.digest), size: contents.size }, rest);
    for (const manifest of contents.manifests) addFile('manifest', manifest);
    for (const manifest of contents.omitted) lines.push(`omitted sha256:${manifest.hex} ${manifest.size}`);
    for (const blob of contents.blobs) {
      if (blob.heldBy) lines.push(`absent sha256:${blob.hex} ${blob.size} ${blob.heldBy}`);
      else addFile(blob.kind, blob);
    }
  };
  for (const image of images) {
    addContents('image', image, [tagged(image.target), names(image.containers)]);
    for (const artifact of image.artifacts) {
      addContents('artifact', artifact, [artifact.subject, artifact.tag ?? '-']);
    }
    for (const list of image.referrers) addFile('referrers', list, [list.subject]);
  }
  for (const { target, digest, containers } of own) {
    lines.push(`own ${digest ?? '-'} ${tagged(target)} ${names(containers)}`);
  }
  // With the number of lines in the last one, a file that is cut short is noticed.
  return `${lines.join('\n')}\nend ${lines.length + 1}\n`;
}

function tagged(target: OwnImage['target']): string {
  return `${repositoryName(target)}:${target.tag}`;
}

function names(containers: readonly string[]): string {
  return containers.join(',') || '-';
}
