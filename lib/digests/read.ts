import {
  canonicalName,
  type ImageReference,
  invalidDigestReason,
  invalidLabelValueReason,
  invalidRegistryReason,
  invalidRepositoryReason,
  invalidTagReason,
} from '../image/reference.ts';
import { readTextFile } from '../input/file.ts';
import { nearest } from '../input/nearest.ts';
import { InputError, type Place, type Problem } from '../input/problem.ts';
import { mayHoldPassword, quote, shorten } from '../input/quote.ts';
import { Source } from '../input/source.ts';
import { describeNode, predicateOf, type YamlEntry, type YamlMapping } from '../input/yaml.ts';
import { readArtifacts } from './artifacts.ts';
import { byContainer, type ContainerImage } from './container-image.ts';
import { readImageLayers } from './layers.ts';
import { type Release, readReleaseInfo } from './release.ts';
import { readSignatures } from './signatures.ts';
import { findComponents } from './tree.ts';

/** The keys of a container (ESS 23.10 to 25.04). Unlike component and container names, they are fixed. */
const KEYS = ['image_digest', 'image_repository_path', 'image_repository_server', 'image_tag'] as const;
type Key = (typeof KEYS)[number];

/**
 * Keys that `ess-airgap lock` adds to a container, each with its only value. A key that does not apply is left out.
 */
const MARKS = { digest_from_tag: 'true', enabled: 'false', inline: 'true' } as const;
type Marks = Pick<ContainerImage, 'digestFromTag' | 'enabled' | 'inline'>;

/** Reads a digests file from disk: see {@link parseDigests}. */
export function readDigests(path: string): ContainerImage[] {
  return [...readRelease(path).images];
}

/** Reads a digests file and its release information from disk: see {@link parseRelease}. */
export function readRelease(path: string): Release {
  return parseRelease(readTextFile(path, 'the images_digests.yml of an ESS release'), path);
}

/**
 * Parses the digests file of an ESS release: the installer's `images_digests.yml`, the inner tree, or the manifest of
 * a ConfigMap that contains it.
 *
 * @param text the file's text; scalars are strings, so `1.10` is the tag 1.10
 * @param file path of the file, for messages
 * @returns the containers, ordered by component and container
 * @throws InputError with all problems of the file, each with its place
 */
export function parseDigests(text: string, file: string): ContainerImage[] {
  return [...parseRelease(text, file).images];
}

/**
 * Parses a digests file with its mappings `release`, `artifacts`, `signatures` and `layers` next to `images_digests`, which
 * `ess-airgap lock` writes. Without `release` it is a release of the installer.
 */
export function parseRelease(text: string, file: string): Release {
  const problems: Problem[] = [];
  const { components, release, artifacts, signatures, layers } = findComponents(
    new Source(file, text.replace(/^\uFEFF/, '')),
    problems,
  );
  const info = readReleaseInfo(release, problems);
  const known = readArtifacts(artifacts, problems);
  const sizes = readImageLayers(layers, problems);
  const signed = readSignatures(signatures, problems);
  const images: ContainerImage[] = [];
  if (components.entries.length === 0) {
    problems.push({ place: components.place, message: 'the file has no components; expected at least one' });
  }
  assertNotShortened(components);
  for (const component of components.entries) {
    checkName('component', component, problems);
    if (component.value.kind !== 'mapping' || component.value.entries.length === 0) {
      problems.push({
        place: component.place,
        message: `the component ${quote(component.key)} has ${describeContent(component)}; expected containers`,
        hint: 'The ESS updater fails on an empty component: complete it or remove it.',
      });
      continue;
    }
    for (const container of component.value.entries) {
      checkName('container', container, problems);
      const image = readImage(component.key, container, problems);
      if (image) {
        images.push({ component: component.key, container: container.key, ...image, place: container.place });
      }
    }
  }
  if (problems.length > 0) throw new InputError(problems);
  return { info, images: images.sort(byContainer), artifacts: known, signatures: signed, layers: sizes };
}

/** The ESS documentation shows a tree with names only. This is one problem, instead of one per container. */
function assertNotShortened(components: YamlMapping): void {
  const containers = components.entries.flatMap(({ value }) =>
    value.kind === 'mapping' ? value.entries : [],
  );
  const isEmpty = ({ value }: YamlEntry): boolean => value.kind === 'scalar' && value.empty;
  if (containers.length < 2 || !containers.every(isEmpty)) return;
  throw new InputError([
    {
      place: components.place,
      message: `this file only has the names of containers: none of the ${containers.length} containers has an image`,
      hint: 'Use the images_digests.yml from the ESS installer of your release. It has the images.',
    },
  ]);
}

function checkName(what: string, entry: YamlEntry, problems: Problem[]): void {
  if (/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,126}[A-Za-z0-9])?$/.test(entry.key)) return;
  problems.push({
    place: entry.place,
    message: `${quote(entry.key)} is not a valid ${what} name; expected letters, digits and underscores`,
  });
}

function describeContent({ value }: YamlEntry): string {
  return value.kind === 'mapping' ? 'nothing' : describeNode(value);
}

function readImage(
  component: string,
  entry: YamlEntry,
  problems: Problem[],
): ({ image: ImageReference } & Marks) | undefined {
  const name = mayHoldPassword(component + entry.key) ? '***' : shorten(`${component}/${entry.key}`);
  if (entry.value.kind !== 'mapping' || entry.value.entries.length === 0) {
    problems.push({
      place: entry.place,
      message: `the container ${name} has ${describeContent(entry)}; expected ${KEYS.join(', ')}`,
      hint: 'The ESS updater fails on an empty container: complete it or remove it.',
    });
    return undefined;
  }
  const before = problems.length;
  const { values, marks } = readKeys(name, entry.value, problems);
  const text = (key: Key): string | undefined => values.get(key)?.text || undefined;
  const server = text('image_repository_server') ?? '';
  const path = text('image_repository_path');
  const tag = text('image_tag');
  const digest = text('image_digest');

  const missing = (what: string): void => {
    problems.push({ place: entry.place, message: `the container ${name} has no ${what}` });
  };
  if (!values.has('image_repository_server')) missing('image_repository_server');
  if (!values.has('image_repository_path')) missing('image_repository_path');
  if (tag === undefined && digest === undefined && before === problems.length) {
    missing('image_tag and no image_digest; expected at least one of them');
  }
  const check = (key: Key, why: string | undefined): void => {
    const value = values.get(key);
    if (why === undefined || value?.text === undefined) return;
    const found = quote(value.text);
    problems.push({ place: value.place, message: `the ${key} ${found} of ${name} is not valid: ${why}` });
  };
  // A path after the host belongs to the repository: a registry is a host only.
  const slash = server.includes('://') ? -1 : server.indexOf('/');
  const registry = slash < 0 ? server : server.slice(0, slash);
  const folder = slash < 0 ? '' : server.slice(slash + 1);
  check(
    'image_repository_server',
    invalidRegistryReason(registry) ?? (slash < 0 ? undefined : invalidRepositoryReason(folder)),
  );
  check('image_repository_path', invalidRepositoryReason(path ?? ''));
  if (tag !== undefined) check('image_tag', invalidTagReason(tag) ?? invalidLabelValueReason(tag));
  if (digest !== undefined) check('image_digest', invalidDigestReason(digest));
  if (problems.length > before) return undefined;
  const repository = [folder, path].filter(Boolean).join('/');
  const image = { ...canonicalName(registry, repository), ...(tag && { tag }), ...(digest && { digest }) };
  return { image, ...marks };
}

/** A value of a key; `text` is left out if there is none, which is reported then. */
interface KeyValue {
  readonly text?: string;
  readonly place: Place;
}

function readKeys(
  name: string,
  mapping: YamlMapping,
  problems: Problem[],
): { values: Map<Key, KeyValue>; marks: Marks } {
  const values = new Map<Key, KeyValue>();
  const marks = new Set<string>();
  for (const { key, place, value } of mapping.entries) {
    const known = KEYS.find((candidate) => candidate === key);
    if (isMark(key)) {
      if (value.kind === 'scalar' && value.plain && value.text === MARKS[key]) marks.add(key);
      else {
        problems.push({
          place: value.place,
          message: `the ${key} of ${name} ${predicateOf(value)}; expected ${MARKS[key]}`,
        });
      }
    } else if (known === undefined) {
      const meant = nearest(key, KEYS);
      problems.push({
        place,
        message: `the container ${name} has the unknown key ${quote(key)}; expected ${KEYS.join(', ')}`,
        hint: meant && `Did you mean ${meant}?`,
      });
    } else if (value.kind !== 'scalar' || value.empty) {
      problems.push({
        place: value.place,
        message: `the ${key} of ${name} ${predicateOf(value)}; expected a string`,
        hint: value.kind === 'scalar' ? 'Add the value, or remove the line.' : undefined,
      });
      values.set(known, { place: value.place });
    } else {
      values.set(known, { text: value.text, place: value.place });
    }
  }
  return {
    values,
    marks: {
      ...(marks.has('digest_from_tag') && { digestFromTag: true }),
      ...(marks.has('enabled') && { enabled: false }),
      ...(marks.has('inline') && { inline: true }),
    },
  };
}

function isMark(key: string): key is keyof typeof MARKS {
  return Object.hasOwn(MARKS, key);
}
