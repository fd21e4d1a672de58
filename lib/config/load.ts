import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { readTextFile } from '../input/file.ts';
import { InputError, type Place, type Problem } from '../input/problem.ts';
import { quote } from '../input/quote.ts';
import { Source } from '../input/source.ts';
import { parseYaml, type YamlNode } from '../input/yaml.ts';
import { convertNode } from './convert.ts';
import { describeIssue } from './describe-issue.ts';
import { locate, type Path } from './locate.ts';
import { type Config, type ConfigInput, configSchema } from './schema.ts';
import { nodeOf } from './value-node.ts';

/** The place of a value of the configuration by its path, `'rules', 0, 'match'`; the nearest that there is. */
export interface ConfigPlace {
  (...path: Path): Place;
  /** Returns whether the file has a value at a path; if not, the configuration has its default. */
  readonly has: (...path: Path) => boolean;
}

/** A configuration and where its parts stand, for messages about it. */
export interface ConfigDocument {
  readonly config: Config;
  readonly place: ConfigPlace;
}

/** Reads airgap.yaml from disk: see {@link parseConfig}. */
export function readConfig(path: string): ConfigDocument {
  const text = readTextFile(path, 'the configuration of ess-airgap (airgap.yaml)', {
    hint: 'Name another one with --config, or write a first one for your registry:',
    command: 'ess-airgap init registry.example.org',
  });
  return parseConfig(text, path);
}

/**
 * Reads airgap.yaml strictly: an unknown key is an error that names the nearest known one.
 *
 * @param file the name for error messages; relative paths of the configuration are relative to its folder
 * @throws InputError with every problem of the file, each with its place
 */
export function parseConfig(text: string, file: string): ConfigDocument {
  const problems: Problem[] = [];
  const root = parseYaml(new Source(file, text.replace(/^\uFEFF/, '')), problems);
  const long = findLongList(root);
  if (long) throw new InputError([...problems, long]);
  const parsed = z.safeParse(configSchema, convertNode(root, configSchema));
  if (!parsed.success) problems.push(...parsed.error.issues.flatMap((issue) => describeIssue(issue, root)));
  if (!parsed.success || problems.length > 0) throw new InputError(problems);
  const place = Object.assign((...path: Path): Place => locate(root, path).place, {
    has: (...path: Path) => !locate(root, path).missing,
  });
  const config = { ...parsed.data, folder: dirname(file) };
  assertConsistent(config, place);
  return { config, place };
}

/**
 * The configuration of an app that writes it in TypeScript instead of YAML, checked the same way.
 *
 * @throws InputError with every problem
 */
export function defineConfig(input: ConfigInput): Config {
  const root = nodeOf(input);
  const long = findLongList(root);
  if (long) throw new InputError([{ message: long.message }]);
  const parsed = z.safeParse(configSchema, input);
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap((issue) => describeIssue(issue, root));
    throw new InputError(problems.map(({ message, hint }) => ({ message, hint })));
  }
  const config = { ...parsed.data, folder: '.' };
  assertConsistent(config);
  return config;
}

/** More than a release has images, and few enough to be checked one by one. */
const MAX_ENTRIES = 1000;

/** A list that is too long to be checked entry by entry. */
function findLongList(node: YamlNode, name = 'the configuration'): Problem | undefined {
  if (node.kind === 'scalar') return undefined;
  if (node.kind === 'sequence' && node.items.length > MAX_ENTRIES) {
    const message = `the list ${name} has ${node.items.length} entries; expected ${MAX_ENTRIES} at most`;
    return { place: node.place, message };
  }
  const inner: (readonly [YamlNode, string])[] =
    node.kind === 'mapping'
      ? node.entries.map(({ key, value }) => [value, quote(key)])
      : node.items.map((item) => [item, name]);
  for (const [child, childName] of inner) {
    const long = findLongList(child, childName);
    if (long) return long;
  }
  return undefined;
}

/** What each key allows and the whole does not. */
function assertConsistent(config: Config, place?: ConfigPlace): void {
  const problems: Problem[] = [];
  if (config.registry.pullThrough && config.mirror) {
    problems.push({
      place: place?.('mirror'),
      message:
        'a pull-through cache refuses pushes, so there can be no mirror; found registry.pullThrough: true',
      hint: 'Remove mirror, or pullThrough if this registry is to be filled by the Job.',
    });
  }
  for (const key of ['auth', 'clientCertificates'] as const) {
    const servers = new Set<string>();
    config.mirror?.[key].forEach(({ server }, index) => {
      if (servers.has(server)) {
        problems.push({
          place: place?.('mirror', key, index, 'server'),
          message: `mirror.${key} names ${server} twice; expected each server once`,
          hint: 'Remove one of the two.',
        });
      }
      servers.add(server);
    });
  }
  const names = new Set<string>();
  config.extra.forEach(({ name }, index) => {
    if (names.has(name)) {
      problems.push({
        place: place?.('extra', index, 'name'),
        message: `extra names ${name} twice; expected each name once`,
        hint: 'Give each a name of its own.',
      });
    }
    names.add(name);
  });
  if (problems.length > 0) throw new InputError(problems);
}
