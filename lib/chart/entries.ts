import { type ImageReference, parseReference } from '../image/reference.ts';
import type { Place, Problem } from '../input/problem.ts';
import { quote } from '../input/quote.ts';
import {
  describeNode,
  type YamlEntry,
  type YamlMapping,
  type YamlNode,
  type YamlScalar,
} from '../input/yaml.ts';

/** One entry in Helm values that names an image. */
export interface ImageEntry {
  /** The value path without its last key, such as `matrixRTC.sfu`. */
  readonly component: string;
  /** The last key, such as `image`. */
  readonly container: string;
  /**
   * mapping: `registry`, `repository`, `tag` and `digest` are keys. inline: the image is in a list, such as
   * `extraInitContainers`. Helm replaces lists as a whole, so no other values file can change a single image in it.
   */
  readonly form: 'mapping' | 'inline';
  readonly image: ImageReference;
  /** False if the entry or a mapping around it has `enabled: false`. */
  readonly enabled: boolean;
  /** Place of the entry's key. */
  readonly place: Place;
}

/**
 * Finds every image in Helm values by structure, at any depth: each mapping with `registry` and `repository`, and
 * each list item with an `image`, which is how Kubernetes describes a container.
 *
 * @param problems collects entries that cannot be read as an image
 * @returns the entries in the order of the values
 */
export function findImageEntries(values: YamlMapping, problems: Problem[]): ImageEntry[] {
  const entries: ImageEntry[] = [];
  const taken = new Set<string>();

  const add = (path: readonly string[], entry: Omit<ImageEntry, 'component' | 'container'>): void => {
    const name = path.join('.');
    const illegal = path.find((step) => !KEY.test(step));
    if (path.length < 2 || illegal !== undefined || name.length > 200) {
      const why =
        path.length < 2
          ? 'it is at the top level'
          : illegal === undefined
            ? 'its path is too long'
            : `the key ${quote(illegal)} has characters other than letters, digits, _ and -`;
      problems.push({
        place: entry.place,
        message: `ess-airgap cannot use the name of the image entry ${name}: ${why}`,
      });
    } else if (!taken.has(name)) {
      taken.add(name);
      entries.push({ component: path.slice(0, -1).join('.'), container: path.at(-1) ?? '', ...entry });
    }
  };

  const visit = (
    node: YamlNode,
    path: readonly string[],
    place: Place,
    on: boolean,
    inList = false,
  ): void => {
    if (node.kind === 'scalar') return;
    if (node.kind === 'sequence') {
      const names = itemNames(node.items);
      node.items.forEach((item, index) => {
        const below = [...path, names[index] ?? String(index)];
        const image = item.kind === 'mapping' ? get(item, 'image') : undefined;
        if (image?.value.kind === 'scalar' && !image.value.empty) {
          const reference = readContainerImage([...below, 'image'], image.value, problems);
          if (reference)
            add([...below, 'image'], { form: 'inline', image: reference, enabled: on, place: image.place });
        }
        visit(item, below, item.place, on, true);
      });
      return;
    }
    const enabled = on && !isOff(get(node, 'enabled'));
    if (isImageMapping(node)) {
      const image = readImageMapping(path, node, place, problems);
      if (image) add(path, { form: inList ? 'inline' : 'mapping', image, enabled, place });
      return;
    }
    for (const { key, value, place: at } of node.entries) visit(value, [...path, key], at, enabled, inList);
  };
  visit(values, [], values.place, true);
  return entries;
}

/** Keys that can be joined to a value path with dots and split again. */
const KEY = /^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?$/;

/** Returns whether a mapping names an image: it has both keys, whatever their values. */
export function isImageMapping(node: YamlMapping): boolean {
  return isText(get(node, 'repository')) && get(node, 'registry') !== undefined;
}

/** An entry of a mapping. */
export function get(mapping: YamlMapping, key: string): YamlEntry | undefined {
  return mapping.entries.find((entry) => entry.key === key);
}

function isText(entry: YamlEntry | undefined): boolean {
  return entry?.value.kind === 'scalar' && !entry.value.empty;
}

/** `false` in any form that Helm's YAML parser reads as false. */
function isOff(entry: YamlEntry | undefined): boolean {
  return entry?.value.kind === 'scalar' && entry.value.plain && /^(false|no|off|n)$/i.test(entry.value.text);
}

/** Returns the name of a list item if it is valid and unique, otherwise its index. */
export function itemNames(items: readonly YamlNode[]): (string | undefined)[] {
  const names = items.map((item) => {
    const name = item.kind === 'mapping' ? get(item, 'name')?.value : undefined;
    return name?.kind === 'scalar' && KEY.test(name.text) ? name.text : undefined;
  });
  return names.map((name) => (names.filter((other) => other === name).length === 1 ? name : undefined));
}

function readImageMapping(
  path: readonly string[],
  node: YamlMapping,
  place: Place,
  problems: Problem[],
): ImageReference | undefined {
  const before = problems.length;
  const name = path.join('.');
  const value = (key: string): YamlScalar | undefined => {
    const entry = get(node, key);
    if (
      entry === undefined ||
      (entry.value.kind === 'scalar' && (entry.value.empty || entry.value.text === ''))
    )
      return undefined;
    if (entry.value.kind === 'scalar') return entry.value;
    problems.push({
      place: entry.place,
      message: `${name}.${key} is ${describeNode(entry.value)}; expected a string`,
    });
    return undefined;
  };
  const [registry, repository, tag, digest] = ['registry', 'repository', 'tag', 'digest'].map(value);
  if (!registry && problems.length === before) {
    problems.push({
      place: get(node, 'registry')?.place ?? place,
      message: `${name} has no registry, so the chart would render an image that begins with a slash`,
      hint: `If the line is in your values, remove it: the chart sets a registry for ${name}.`,
    });
  }
  if (!tag && !digest && problems.length === before) {
    problems.push({
      place,
      message: `${name} has no tag and no digest; expected at least one of them`,
    });
  }
  if (!registry || !repository || problems.length > before) return undefined;
  const text = `${registry.text}/${repository.text}${tag ? `:${tag.text}` : ''}${digest ? `@${digest.text}` : ''}`;
  const image = parseReference(text);
  if (typeof image !== 'string') return image;
  problems.push({ place, message: `the image ${quote(text)} of ${name} is not valid: ${image}` });
  return undefined;
}

/**
 * Parses the image of a container as Kubernetes does: the default registry is docker.io, the default tag is `latest`.
 */
function readContainerImage(
  path: readonly string[],
  { text, place }: YamlScalar,
  problems: Problem[],
): ImageReference | undefined {
  const name = path.join('.');
  if (text.includes('{{')) {
    problems.push({
      place,
      message: `${name} is a template; expected an image, because templates are not rendered`,
      hint: 'Set the image itself in the values.',
    });
    return undefined;
  }
  const first = text.slice(0, Math.max(text.indexOf('/'), 0));
  const hasRegistry = /[.:]/.test(first) || first === 'localhost';
  const image = parseReference(hasRegistry ? text : `docker.io/${first ? '' : 'library/'}${text}`);
  if (typeof image !== 'string') return image.tag || image.digest ? image : { ...image, tag: 'latest' };
  problems.push({
    place,
    message: `the image ${quote(text)} of ${name} is not valid: ${image}`,
  });
  return undefined;
}
