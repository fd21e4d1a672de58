import { readTextFile } from '../input/file.ts';
import type { Problem } from '../input/problem.ts';
import { InputError } from '../input/problem.ts';
import { Source } from '../input/source.ts';
import { describeNode, parseYaml, type YamlEntry, type YamlMapping } from '../input/yaml.ts';

/**
 * Reads a Helm values file. As for Helm, an empty file is valid.
 *
 * @throws InputError with all problems of the file
 */
export function readValues(path: string): YamlMapping {
  return parseValues(readTextFile(path, 'a Helm values file'), path);
}

/** Parses the text of a Helm values file: see {@link readValues}. */
export function parseValues(text: string, file: string): YamlMapping {
  const source = new Source(file, text.replace(/^\uFEFF/, ''));
  if (/^(\s|#.*$|---$)*$/m.test(text) && withoutComments(text) === '') {
    return { kind: 'mapping', entries: [], place: source.at(0) };
  }
  const problems: Problem[] = [];
  const root = parseYaml(source, problems);
  if (root.kind !== 'mapping' && !(root.kind === 'scalar' && root.empty)) {
    problems.push({
      place: root.place,
      message: `found ${describeNode(root)}; expected Helm values: a mapping such as synapse:`,
    });
  }
  if (problems.length > 0) throw new InputError(problems);
  return root.kind === 'mapping' ? root : { kind: 'mapping', entries: [], place: root.place };
}

function withoutComments(text: string): string {
  return text
    .split(/\r\n|\n|\r/)
    .filter((line) => !/^\s*(#.*|---|\.\.\.)?$/.test(line))
    .join('');
}

/**
 * Merges the values of a chart with the user's files as Helm does. Later files take precedence (`helm -f a.yaml -f
 * b.yaml`), mappings are merged key by key, lists and scalars are replaced, and a null in the result deletes the
 * chart's key (Helm documentation, "Values Files", "Deleting a default key").
 */
export function coalesceValues(chart: YamlMapping, files: readonly YamlMapping[]): YamlMapping {
  const user = mergeValues(files);
  return user ? underUser(chart, user) : chart;
}

/** Merges the user's files; undefined if there are none. */
export function mergeValues(files: readonly YamlMapping[]): YamlMapping | undefined {
  return files.reduce<YamlMapping | undefined>(
    (merged, file) => (merged ? mergeFiles(merged, file) : file),
    undefined,
  );
}

/** Merges two of the user's files. A null of the later one stays, because it must still delete the chart's key. */
function mergeFiles(before: YamlMapping, after: YamlMapping): YamlMapping {
  return combine(before, after, (own, over) =>
    own.value.kind === 'mapping' && over.value.kind === 'mapping'
      ? { ...over, value: mergeFiles(own.value, over.value) }
      : over,
  );
}

function underUser(chart: YamlMapping, user: YamlMapping): YamlMapping {
  return combine(chart, user, (own, over) => {
    if (over.value.kind === 'scalar' && over.value.empty) return undefined;
    return own.value.kind === 'mapping' && over.value.kind === 'mapping'
      ? { ...over, value: underUser(own.value, over.value) }
      : over;
  });
}

/**
 * Merges the keys of both mappings, those of `below` first. `both` decides keys that both have; undefined deletes the
 * key.
 */
function combine(
  below: YamlMapping,
  above: YamlMapping,
  both: (own: YamlEntry, over: YamlEntry) => YamlEntry | undefined,
): YamlMapping {
  const over = new Map(above.entries.map((entry) => [entry.key, entry]));
  const entries = below.entries.flatMap((own) => {
    const other = over.get(own.key);
    over.delete(own.key);
    return other ? (both(own, other) ?? []) : own;
  });
  return { kind: 'mapping', entries: [...entries, ...over.values()], place: above.place };
}
