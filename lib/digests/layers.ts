import { isPlatformName } from '../image/platform.ts';
import type { Place, Problem } from '../input/problem.ts';
import { quote } from '../input/quote.ts';
import { predicateOf, type YamlEntry, type YamlNode } from '../input/yaml.ts';
import { parseArtifactsKey } from './artifacts.ts';

/** A layer of an image. */
export interface Layer {
  /** The first 12 hexadecimal digits of its digest: enough to tell the layers of a release apart. */
  readonly name: string;
  /** Bytes, compressed as the registry has it. */
  readonly size: number;
}

/** The layers of one manifest of an image. */
export interface PlatformLayers {
  /** `os/architecture` or `os/architecture/variant`; left out if the image is a single manifest and no index. */
  readonly platform?: string;
  readonly layers: readonly Layer[];
}

/**
 * The larger layers of images, by `registry/repository@digest`. No entry: nothing is known. The mirror uses them for its
 * progress and to bring each layer once, never to decide what is copied.
 */
export type ImageLayers = ReadonlyMap<string, readonly PlatformLayers[]>;

/** What a lock leaves out, unless an image has nothing larger: such layers make neither a copy nor its progress longer. */
export const MIN_LAYER_BYTES = 1_000_000;

/** Docker allows 127 layers. */
const MAX_LAYERS = 1000;
const MAX_PLATFORMS = 200;
const LAYER = /^([0-9a-f]{12}):(0|[1-9]\d{0,11})$/;

/** The first digits of a digest, by which a layer is known here. */
export function layerName(digest: string): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 12);
}

/**
 * Reads the mapping `layers` of a digests file.
 *
 * @returns what could be read; whatever is wrong is added to `problems`
 */
export function readImageLayers(entry: YamlEntry | undefined, problems: Problem[]): ImageLayers {
  const images = new Map<string, readonly PlatformLayers[]>();
  if (entry === undefined) return images;
  const wrong = (place: Place, message: string): void => {
    problems.push({
      place,
      message,
      hint: 'Make the digests file again, or remove layers from it: they change only the progress and the order of copies.',
    });
  };
  if (entry.value.kind !== 'mapping') {
    wrong(
      entry.place,
      `layers ${predicateOf(entry.value)}; expected a mapping from images to their layers, as ess-airgap lock --sizes writes it`,
    );
    return images;
  }
  for (const { key, place, value } of entry.value.entries) {
    const name = parseArtifactsKey(key);
    if (name === undefined)
      wrong(place, `layers has the key ${quote(key)}; expected registry/repository@sha256:…, without a tag`);
    else images.set(name, readPlatforms(name, value, wrong));
  }
  return images;
}

type Wrong = (place: Place, message: string) => void;

function readPlatforms(image: string, node: YamlNode, wrong: Wrong): readonly PlatformLayers[] {
  if (node.kind === 'scalar') return [{ layers: readLayers(image, node, wrong) }];
  if (node.kind === 'sequence' || node.entries.length > MAX_PLATFORMS) {
    wrong(
      node.place,
      `the layers of ${quote(image)}: expected a text, or a mapping from at most ${MAX_PLATFORMS} platforms to texts`,
    );
    return [];
  }
  return node.entries.flatMap(({ key, place, value }) => {
    if (isPlatformName(key)) return { platform: key, layers: readLayers(image, value, wrong) };
    wrong(
      place,
      `the layers of ${quote(image)} have the key ${quote(key)}; expected a platform such as linux/amd64`,
    );
    return [];
  });
}

function readLayers(image: string, node: YamlNode, wrong: Wrong): readonly Layer[] {
  const words = node.kind === 'scalar' ? node.text.split(' ') : [];
  const layers = words.flatMap((word): Layer | [] => {
    const [, name = '', size] = LAYER.exec(word) ?? [];
    return size === undefined ? [] : { name, size: Number(size) };
  });
  if (layers.length === words.length && layers.length > 0 && layers.length <= MAX_LAYERS) return layers;
  wrong(
    node.place,
    `the layers of ${quote(image)}: the value ${predicateOf(node)}; expected 1 to ${MAX_LAYERS} times 12 hexadecimal digits, a colon and a number of bytes, with a blank between`,
  );
  return [];
}
