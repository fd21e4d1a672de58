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

/**
 * Returns the place of a configuration value by its path, such as `'rules', 0, 'match'`, or the place of its nearest
 * parent in the file.
 */
export interface ConfigPlace {
  (...path: Path): Place;
  /** Returns whether the file sets a value at a path. If not, the configuration has the default. */
  readonly has: (...path: Path) => boolean;
}

/** A configuration with the places of its values, for messages. */
export interface ConfigDocument {
  readonly config: Config;
  readonly place: ConfigPlace;
}

/** Reads airgap.yaml from disk: see {@link parseConfig}. */
export function readConfig(path: string): ConfigDocument {
  const text = readTextFile(path, 'the configuration of ess-airgap (airgap.yaml)', {
    hint: 'Name another file with --config, or create one for your registry:',
    command: 'ess-airgap init registry.example.org',
  });
  return parseConfig(text, path);
}

/**
 * Parses airgap.yaml. An unknown key is an error that names the nearest known key.
 *
 * @param file path of the file, for messages; relative paths in the configuration are relative to its folder
 * @throws InputError with all problems of the file, each with its place
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
 * Validates a configuration that an app writes in TypeScript instead of YAML, by the same rules.
 *
 * @throws InputError with all problems
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

/** More entries than a release has images, and few enough to check one by one. */
const MAX_ENTRIES = 1000;

/** Returns a problem if a list is too long to check entry by entry. */
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

/** Reports values that are valid by themselves but contradict each other. */
function assertConsistent(config: Config, place?: ConfigPlace): void {
  const problems: Problem[] = [];
  if (config.registry.pullThrough && config.mirror) {
    problems.push({
      place: place?.('mirror'),
      message: 'mirror is set, but registry.pullThrough is true: a pull-through cache does not accept pushes',
      hint: 'Remove mirror. If the Job should copy images into this registry, remove registry.pullThrough instead.',
    });
  }
  for (const key of ['auth', 'clientCertificates'] as const) {
    const servers = new Set<string>();
    config.mirror?.[key].forEach(({ server }, index) => {
      if (servers.has(server)) {
        problems.push({
          place: place?.('mirror', key, index, 'server'),
          message: `mirror.${key} lists ${server} twice; expected each server once`,
          hint: 'Remove one of the two entries.',
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
        message: `extra has two entries with the name ${name}; expected unique names`,
        hint: 'Rename one of them.',
      });
    }
    names.add(name);
  });
  if (problems.length > 0) throw new InputError(problems);
}
