import { type ImageReference, repositoryName } from '../image/reference.ts';
import { InputError } from '../input/problem.ts';
import type { Blob } from './contents.ts';

/** One image of a bundle: what the file `load.plan` says of it. */
export interface BundledImage {
  readonly target: ImageReference & { readonly tag: string };
  /** Of what the tag is to name. */
  readonly digest: string;
  /** `component/container`, in order. */
  readonly containers: readonly string[];
  /** Hexadecimal digits of the manifests below the index. */
  readonly manifests: readonly string[];
  readonly blobs: readonly BundledBlob[];
}

export interface BundledBlob extends Blob {
  /** The image of an older bundle, `registry/repository@digest`, that brought it; left out where this one does. */
  readonly heldBy?: string;
  /** How many files it is cut into; 1 where it is whole. */
  readonly pieces: number;
}

/** An image of the user's own, which no bundle holds but the registry must have. */
export interface OwnImage {
  readonly target: ImageReference & { readonly tag: string };
  readonly digest?: string;
  readonly containers: readonly string[];
}

/** What `load.sh` reads. */
export interface LoadPlan {
  readonly parts: number;
  readonly images: readonly BundledImage[];
  readonly own: readonly OwnImage[];
}

const HEADER = '# What load.sh pushes: the images of this bundle, and the files that each consists of.';

/** The text of `load.plan`: lines of fields with blanks between them, none of which can hold a blank. */
export function renderLoadPlan({ parts, images, own }: LoadPlan): string {
  const lines = [HEADER, `bundle 1 parts ${parts}`];
  for (const { target, digest, containers, manifests, blobs } of images) {
    lines.push(`image ${digest} ${repositoryName(target)}:${target.tag} ${containers.join(',')}`);
    for (const hex of manifests) lines.push(`manifest ${hex}`);
    for (const { kind, hex, size, heldBy, pieces } of blobs) {
      lines.push(heldBy ? `absent ${hex} ${size} ${heldBy}` : `${kind} ${hex} ${size} ${pieces}`);
    }
  }
  for (const { target, digest, containers } of own) {
    lines.push(`own ${digest ?? '-'} ${repositoryName(target)}:${target.tag} ${containers.join(',')}`);
  }
  // What is cut off behind any line is seen.
  return `${lines.join('\n')}\nend ${lines.length + 1}\n`;
}

/** What an older bundle brought into a repository: the images, and the layers of each. */
export interface Brought {
  /** `registry/repository`. */
  readonly repository: string;
  readonly digest: string;
  readonly layers: ReadonlySet<string>;
}

/** @throws InputError where the text is no `load.plan`, or only the beginning of one */
export function readBrought(text: string, file: string): Brought[] {
  const lines = text.split('\n');
  const wrong = (line: number, message: string): InputError =>
    new InputError([
      { place: { file, line, column: 1 }, message: `${message}; expected the load.plan of a bundle` },
    ]);
  if (!/^bundle 1 parts \d+$/.test(lines[1] ?? '')) throw wrong(2, 'there is no line "bundle 1"');
  const end = lines.indexOf(`end ${lines.length - 1}`);
  if (end !== lines.length - 2) throw wrong(lines.length, 'the file ends before its last line');
  const brought: { repository: string; digest: string; layers: Set<string> }[] = [];
  lines.slice(2, end).forEach((line, index) => {
    const image = /^image (?<digest>sha256:[0-9a-f]{64}) (?<repository>[^\s@]+):[^\s:/]+ \S+$/.exec(
      line,
    )?.groups;
    const layer = /^(?:layer|absent) (?<hex>[0-9a-f]{64}) \d+ \S+$/.exec(line)?.groups;
    if (image) {
      const { repository = '', digest = '' } = image;
      brought.push({ repository, digest, layers: new Set() });
    } else if (layer) brought.at(-1)?.layers.add(layer.hex ?? '');
    else if (!/^(manifest|config|own) /.test(line)) throw wrong(index + 3, 'the line is none of its lines');
  });
  return brought;
}
