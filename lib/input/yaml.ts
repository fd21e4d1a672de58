import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from 'js-yaml';
import { InputError, type Place, type Problem } from './problem.ts';
import { mayHoldPassword, quote } from './quote.ts';
import { Source } from './source.ts';

/**
 * A YAML document as its author wrote it: scalars stay text (`1.10` is never 1.1), and every node has a place.
 * Aliases are resolved to their node, and merge keys (`<<`) are applied.
 */
export type YamlNode = YamlScalar | YamlMapping | YamlSequence;

export interface YamlScalar {
  readonly kind: 'scalar';
  readonly text: string;
  /** Whether it is written without quotes; the schema may then read `true` as a boolean. */
  readonly plain: boolean;
  /** Whether it is empty, `~` or `null`. */
  readonly empty: boolean;
  readonly place: Place;
  /** Returns the scalar's text as a source of its own, for YAML within YAML. */
  readonly inner: () => Source;
}

export interface YamlMapping {
  readonly kind: 'mapping';
  readonly entries: readonly YamlEntry[];
  readonly place: Place;
}

export interface YamlEntry {
  readonly key: string;
  readonly place: Place;
  readonly value: YamlNode;
}

export interface YamlSequence {
  readonly kind: 'sequence';
  readonly items: readonly YamlNode[];
  readonly place: Place;
}

/** Limit against files made to exhaust memory. 5,000 containers have about 60,000 values. */
const MAX_DEPTH = 32;
const MAX_VALUES = 100_000;

/**
 * Parses the single document of a source.
 *
 * @param problems collects problems that do not stop the parser (a duplicate key), so that all are reported together;
 *   problems that stop it (not YAML, no document, too deep, too large) are thrown as InputError together with those
 *   collected
 */
export function parseYaml(source: Source, problems: Problem[]): YamlNode {
  const stop: Stop = (place, message, hint) => new InputError([...problems, { place, message, hint }]);
  const most = 2 * MAX_VALUES;
  if (source.text.length > most && countMarks(source.text) > most) throw tooMany(stop, source.at(0));
  let events: Event[];
  try {
    events = parseEvents(source.text, { maxDepth: MAX_DEPTH });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    throw stop(
      source.at(error.mark?.position ?? 0),
      `this is not valid YAML: ${mayHoldPassword(error.reason) ? 'a syntax error' : error.reason}`,
    );
  }
  if (events.length === 0) throw stop(source.at(0), 'the file is empty', 'Expected a single YAML document.');
  const second = events.findIndex((event, index) => index > 0 && event.type === EVENT_ID.DOCUMENT);
  if (second > 0) {
    const next = events[second + 1];
    const offset = next && 'start' in next ? next.start : source.text.length;
    throw stop(
      source.at(offset),
      'a second YAML document begins here; expected a single document',
      'Remove the other documents.',
    );
  }
  return new NodeReader(source, events, problems, stop).document();
}

/**
 * Counts the lines, commas, brackets and dashes of a text: roughly the values that it can have at most. A text with
 * millions of them is rejected before memory is spent on it.
 */
function countMarks(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === LINE || code === RETURN || code === COMMA || code === BRACKET || code === BRACE) count++;
    else if (code === DASH || code === COLON || code === QUESTION) {
      const next = text.charCodeAt(at + 1);
      if (next === SPACE || next === TAB) count++;
    }
  }
  return count;
}

const [TAB, LINE, RETURN, SPACE, COMMA, DASH, COLON, QUESTION, BRACKET, BRACE] = [...'\t\n\r ,-:?[{'].map(
  (mark) => mark.charCodeAt(0),
);

function tooMany(stop: Stop, place: Place): InputError {
  return stop(
    place,
    `the file has more than ${MAX_VALUES} lines or values (aliases included)`,
    'Is this the right file?',
  );
}

/** Returns the error that stops the parser, with all problems collected before it. */
type Stop = (place: Place, message: string, hint?: string) => InputError;

class NodeReader {
  readonly #source: Source;
  readonly #events: readonly Event[];
  readonly #problems: Problem[];
  readonly #stop: Stop;
  readonly #anchors = new Map<string, YamlNode>();
  /** The number of nodes below each node, aliases included, if it is more than the node itself. */
  readonly #weights = new WeakMap<YamlNode, number>();
  #next = 1;
  #end = 0;

  constructor(source: Source, events: readonly Event[], problems: Problem[], stop: Stop) {
    this.#source = source;
    this.#events = events;
    this.#problems = problems;
    this.#stop = stop;
  }

  document(): YamlNode {
    return this.#node();
  }

  #node(): YamlNode {
    const event = this.#events[this.#next++];
    if (event === undefined) throw new Error('the event stream of js-yaml ended early');
    switch (event.type) {
      case EVENT_ID.SCALAR: {
        const node = this.#scalar(event);
        return this.#remember(event, node, 1);
      }
      case EVENT_ID.MAPPING:
        return this.#mapping(event);
      case EVENT_ID.SEQUENCE:
        return this.#sequence(event);
      case EVENT_ID.ALIAS: {
        const name = this.#source.text.slice(event.anchorStart, event.anchorEnd);
        const place = this.#source.at(event.anchorStart - 1);
        const node = this.#anchors.get(name);
        if (!node) throw this.#stop(place, `the alias ${quote(`*${name}`)} has no anchor before it`);
        this.#end = event.anchorEnd;
        return node;
      }
      default:
        throw new Error(`unexpected event ${event.type} of js-yaml`);
    }
  }

  #scalar(event: Event & { type: typeof EVENT_ID.SCALAR }): YamlScalar {
    const source = this.#source;
    // A key without a value has no offset of its own: it is where the last token ended.
    if (event.valueStart < 0) return emptyScalar(source, source.at(this.#end));
    this.#end = event.valueEnd;
    const plain = event.style === SCALAR_STYLE.PLAIN;
    const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
    const place = source.at(event.valueStart - (quoted ? 1 : 0));
    const text = getScalarValue(source.text, event);
    const inner = (): Source => {
      if (event.style !== SCALAR_STYLE.LITERAL_BLOCK) return new Source(source.file, text, () => place);
      const indent = Math.max(0, event.indent);
      return new Source(source.file, text, (line, column) => ({
        file: place.file,
        line: place.line + line,
        column: column + indent + 1,
      }));
    };
    return { kind: 'scalar', text, plain, empty: plain && /^(~|null|Null|NULL)?$/.test(text), place, inner };
  }

  #mapping(event: Event & { type: typeof EVENT_ID.MAPPING }): YamlMapping {
    const entries = new Map<string, YamlEntry>();
    const merged = new Map<string, YamlEntry>();
    let weight = 1;
    while (this.#events[this.#next]?.type !== EVENT_ID.POP) {
      const key = this.#node();
      const value = this.#node();
      weight = this.#add(weight, this.#add(this.#weight(key), this.#weight(value), key), key);
      if (key.kind !== 'scalar') {
        this.#problems.push({ place: key.place, message: `a key is a ${key.kind}; expected a string` });
      } else if (key.text === '<<' && key.plain) {
        this.#merge(key.place, value, merged);
      } else if (entries.has(key.text)) {
        const first = entries.get(key.text)?.place.line;
        this.#problems.push({
          place: key.place,
          message: `duplicate key ${quote(key.text)}`,
          hint: `The first one is in line ${first}. Remove one of the two.`,
        });
      } else {
        entries.set(key.text, { key: key.text, place: key.place, value });
      }
    }
    this.#next++;
    for (const [key, entry] of merged) if (!entries.has(key)) entries.set(key, entry);
    const node: YamlMapping = {
      kind: 'mapping',
      entries: [...entries.values()],
      place: this.#source.at(event.start),
    };
    return this.#remember(event, node, weight);
  }

  /** Applies YAML 1.1's merge key: the keys of one mapping or of several, where earlier ones take precedence. */
  #merge(place: Place, value: YamlNode, merged: Map<string, YamlEntry>): void {
    for (const mapping of value.kind === 'sequence' ? value.items : [value]) {
      if (mapping.kind !== 'mapping') {
        this.#problems.push({ place, message: 'the merge key << does not refer to a mapping' });
        continue;
      }
      for (const entry of mapping.entries) if (!merged.has(entry.key)) merged.set(entry.key, entry);
    }
  }

  #sequence(event: Event & { type: typeof EVENT_ID.SEQUENCE }): YamlSequence {
    const items: YamlNode[] = [];
    let weight = 1;
    while (this.#events[this.#next]?.type !== EVENT_ID.POP) {
      const item = this.#node();
      weight = this.#add(weight, this.#weight(item), item);
      items.push(item);
    }
    this.#next++;
    return this.#remember(event, { kind: 'sequence', items, place: this.#source.at(event.start) }, weight);
  }

  #weight(node: YamlNode): number {
    return this.#weights.get(node) ?? 1;
  }

  #add(weight: number, more: number, node: YamlNode): number {
    if (weight + more <= MAX_VALUES) return weight + more;
    throw tooMany(this.#stop, node.place);
  }

  #remember<N extends YamlNode>(
    event: { anchorStart: number; anchorEnd: number },
    node: N,
    weight: number,
  ): N {
    if (weight > 1) this.#weights.set(node, weight);
    if (event.anchorStart >= 0) {
      this.#anchors.set(this.#source.text.slice(event.anchorStart, event.anchorEnd), node);
    }
    return node;
  }
}

function emptyScalar(source: Source, place: Place): YamlScalar {
  return {
    kind: 'scalar',
    text: '',
    plain: true,
    empty: true,
    place,
    inner: () => new Source(source.file, '', () => place),
  };
}

/** Describes a node for a message: see {@link quote}. */
export function describeNode(node: YamlNode): string {
  if (node.kind !== 'scalar') return node.kind === 'mapping' ? 'a mapping' : 'a list';
  return node.empty ? 'no value' : quote(node.text);
}

/** Describes a node as a predicate: `has no value`, `is a list`, `is "abc"`. */
export function predicateOf(node: YamlNode): string {
  return `${node.kind === 'scalar' && node.empty ? 'has' : 'is'} ${describeNode(node)}`;
}
