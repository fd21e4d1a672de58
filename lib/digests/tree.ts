import { InputError, type Problem } from '../input/problem.ts';
import { quote } from '../input/quote.ts';
import { Source } from '../input/source.ts';
import { describeNode, parseYaml, type YamlEntry, type YamlMapping, type YamlNode } from '../input/yaml.ts';

/**
 * The header of the example in the public documentation, `images_digests: |# Copyright 2023 New Vector Ltd`. A
 * comment that touches the block indicator is not valid YAML, but people paste it.
 */
const GLUED_COMMENT = /^([ \t]*(?:images_digests|"images_digests")[ \t]*:[ \t]*[|>][-+0-9]*)(#[^\r\n]*)/m;

/**
 * Finds the components in each supported form: the installer's file (below `images_digests:`), the inner tree, or a
 * ConfigMap with either of them in `data.images_digests`.
 *
 * @throws InputError if there is no such tree
 */
export function findComponents(source: Source, problems: Problem[]): Tree {
  const readable = splitGluedComment(source, problems);
  const root = parseYaml(readable, problems);
  const components = componentsOf(root, problems);
  const wrapped = root.kind === 'mapping' && entry(root, 'images_digests');
  const beside = (key: Beside): YamlEntry | undefined => (wrapped ? entry(root, key) : undefined);
  return {
    components,
    release: beside('release'),
    artifacts: beside('artifacts'),
    layers: beside('layers'),
    signatures: beside('signatures'),
  };
}

/** Keys that `ess-airgap lock` writes next to `images_digests`. */
const BESIDE = ['release', 'artifacts', 'signatures', 'layers'] as const;
type Beside = (typeof BESIDE)[number];

/** The components, and those of the other mappings that the file has. */
type Tree = { readonly components: YamlMapping } & Readonly<Record<Beside, YamlEntry | undefined>>;

/** Reports the glued comment and replaces it with spaces, so that the rest of the file is checked too. */
function splitGluedComment(source: Source, problems: Problem[]): Source {
  const match = GLUED_COMMENT.exec(source.text);
  if (!match) return source;
  const [, header = '', comment = ''] = match;
  const at = match.index + header.length;
  problems.push({
    place: source.at(at),
    message: `this is not valid YAML: the comment ${quote(comment)} touches the | before it`,
    hint: `Move the comment to a line of its own, below "${header.trim()}".`,
  });
  const text = source.text.slice(0, at) + ' '.repeat(comment.length) + source.text.slice(at + comment.length);
  return new Source(source.file, text);
}

/**
 * @param within whether the tree is a string in another document, such as a ConfigMap; it must not contain a further
 *   one
 */
function componentsOf(root: YamlNode, problems: Problem[], within = false): YamlMapping {
  const stop = (node: YamlNode, message: string, hint?: string): InputError =>
    new InputError([...problems, { place: node.place, message, hint }]);
  if (root.kind !== 'mapping') {
    throw stop(
      root,
      `found ${describeNode(root)}; expected components, such as synapse:, or images_digests:`,
    );
  }
  const wrapper = entry(root, 'images_digests');
  const data = entry(root, 'data');
  const digests = data?.value.kind === 'mapping' ? entry(data.value, 'images_digests') : undefined;
  // The documentation shows a ConfigMap without its kind.
  if (digests) return innerTree(digests, problems, within);
  if (scalarText(entry(root, 'kind')) === 'ConfigMap') {
    throw stop(root, 'this ConfigMap has no data.images_digests', 'Is this the right ConfigMap?');
  }
  if (!wrapper) return root;
  for (const other of root.entries) {
    if (other === wrapper || BESIDE.some((key) => key === other.key)) continue;
    problems.push({
      place: other.place,
      message: `the key ${quote(other.key)} is next to images_digests; expected images_digests only`,
      hint: 'If it is a component, indent it below images_digests.',
    });
  }
  return innerTree(wrapper, problems, within);
}

/** Returns the tree below `images_digests:`, or in a ConfigMap the tree in its string. */
function innerTree({ value }: YamlEntry, problems: Problem[], within: boolean): YamlMapping {
  if (value.kind === 'mapping') return value;
  const expected = 'expected the components, such as synapse:, below it';
  if (within || value.kind === 'sequence' || value.empty || !/[:\n]/.test(value.text)) {
    throw new InputError([
      ...problems,
      { place: value.place, message: `images_digests has ${describeNode(value)}; ${expected}` },
    ]);
  }
  return componentsOf(parseYaml(value.inner(), problems), problems, true);
}

function entry(mapping: YamlMapping, key: string): YamlEntry | undefined {
  return mapping.entries.find((entry) => entry.key === key);
}

function scalarText(found: YamlEntry | undefined): string | undefined {
  return found?.value.kind === 'scalar' ? found.value.text : undefined;
}
