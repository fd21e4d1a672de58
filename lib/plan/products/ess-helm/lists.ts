import { get, isImageMapping, itemNames } from '../../../chart/entries.ts';
import { mergeValues } from '../../../chart/values.ts';
import type { Config } from '../../../config/schema.ts';
import { formatReference } from '../../../image/reference.ts';
import type { YamlMapping, YamlNode, YamlSequence } from '../../../input/yaml.ts';
import type { Override, ReleaseContext, ValueList } from '../../model.ts';
import { imageOf } from '../../overview.ts';
import { mapping, sequence, text } from './yaml.ts';

/**
 * The lists that the override sets: each list of the user's values in which a container names its image, such as
 * `extraInitContainers`, and the pull Secrets. What the user has in them stays.
 */
export function valueLists(
  { info, values }: ReleaseContext,
  overrides: readonly Override[],
  config: Config,
): ValueList[] {
  const user = mergeValues(values.map((file) => file.values));
  const images = new Map(
    overrides.map((override) => [`${override.component}.${override.container}`, override]),
  );
  const lists = user ? listsOf(user, [], images) : [];
  const key = info.product === 'ess-helm' ? info.pullSecrets?.split('.') : undefined;
  if (!key || !config.pullSecret) return lists;
  const own = mapping([['name', text(config.pullSecret.name)]]);
  const others = user ? listAt(user, key) : [];
  return [{ path: key, items: sequence([...others.filter((item) => !isSame(item, config)), own]) }, ...lists];
}

type Images = ReadonlyMap<string, Override>;

/** The outermost lists below a mapping that hold an image of the plan, with that image in it. */
function listsOf(node: YamlMapping, path: readonly string[], images: Images): ValueList[] {
  return node.entries.flatMap(({ key, value }): ValueList[] => {
    const at = [...path, key];
    if (value.kind === 'mapping') return listsOf(value, at, images);
    if (value.kind === 'scalar') return [];
    const items = withImages(value, at, images);
    return items === value ? [] : [{ path: at, items }];
  });
}

/** A list with the images of the plan in it; the very same list if there are none. */
function withImages(list: YamlSequence, path: readonly string[], images: Images): YamlSequence {
  const names = itemNames(list.items);
  const items = list.items.map((item, index) =>
    inItem(item, [...path, names[index] ?? String(index)], images),
  );
  return items.every((item, index) => item === list.items[index]) ? list : { ...list, items };
}

function inItem(node: YamlNode, path: readonly string[], images: Images): YamlNode {
  if (node.kind === 'scalar') return node;
  if (node.kind === 'sequence') return withImages(node, path, images);
  const whole = images.get(path.join('.'));
  if (whole && isImageMapping(node)) return withKeys(node, whole);
  const entries = node.entries.map((entry) => {
    const override = images.get([...path, entry.key].join('.'));
    const value =
      override && entry.value.kind === 'scalar' && entry.key === 'image'
        ? text(reference(override))
        : inItem(entry.value, [...path, entry.key], images);
    return value === entry.value ? entry : { ...entry, value };
  });
  return entries.every((entry, index) => entry === node.entries[index]) ? node : { ...node, entries };
}

function withKeys(node: YamlMapping, override: Override): YamlMapping {
  const keys = imageKeys(override);
  const names = keys.map(([key]) => key);
  return {
    ...node,
    entries: [...node.entries.filter(({ key }) => !names.includes(key)), ...mapping(keys).entries],
  };
}

/** The keys of an image entry, all of them, so that nothing of the chart or the user shines through. */
export function imageKeys({ server, repository, tag, digest }: Override): (readonly [string, YamlNode])[] {
  return [
    ['registry', text(server)],
    ['repository', text(repository)],
    ['tag', text(tag)],
    ...(digest ? [['digest', text(digest)] as const] : []),
  ];
}

/** The image as Kubernetes reads it: of a tag and a digest only the digest, as the chart renders its own. */
function reference(override: Override): string {
  const { tag, ...image } = imageOf(override);
  return formatReference(image.digest ? image : { ...image, tag });
}

function listAt(values: YamlMapping, path: readonly string[]): readonly YamlNode[] {
  let at: YamlNode | undefined = values;
  for (const step of path) at = at?.kind === 'mapping' ? get(at, step)?.value : undefined;
  return at?.kind === 'sequence' ? at.items : [];
}

function isSame(item: YamlNode, { pullSecret }: Config): boolean {
  const name = item.kind === 'mapping' ? get(item, 'name')?.value : undefined;
  return name?.kind === 'scalar' && name.text === pullSecret?.name;
}
