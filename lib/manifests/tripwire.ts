import { ApiObject, type Chart } from 'cdk8s';
import { base64Cores } from '../input/base64.ts';
import { type Finding, finding } from '../plan/finding.ts';

/** A secret value and the variable that it came from. */
export interface KnownSecret {
  readonly passwordEnv: string;
  readonly password: string;
}

/**
 * Searches the rendered objects of charts that git does not ignore for known passwords: as they are, as JSON
 * writes them, and in base64 wherever they begin in it, twice over (a docker config in a Secret holds base64 in
 * base64). Looks at keys and values, ignores line folding, and takes the URL alphabet of base64 as the other.
 *
 * @param charts everything but what holds Secrets on purpose
 * @returns errors that name the object and the field, never the value
 */
export function findLeaks(charts: readonly Chart[], secrets: readonly KnownSecret[]): Finding[] {
  return leakFinder(secrets)(charts);
}

/**
 * The same search for many calls, as cdk8s validates the whole app anew for each file that it writes: objects that
 * are rendered as they were the last time are not searched again.
 */
export function leakFinder(secrets: readonly KnownSecret[]): (charts: readonly Chart[]) => Finding[] {
  const wanted = secrets.map((secret) => ({ ...secret, isIn: detector(secret.password) }));
  let searched: string | undefined;
  let found: Finding[] = [];
  return (charts) => {
    const objects = charts
      .flatMap(({ node }) => node.findAll())
      .filter((it) => it instanceof ApiObject)
      .map((object) => ({ object, json: object.toJson() }));
    const rendered = JSON.stringify(objects.map(({ json }) => json));
    if (rendered !== searched) found = objects.flatMap(({ object, json }) => search(object, json, wanted));
    searched = rendered;
    return found;
  };
}

interface Wanted extends KnownSecret {
  readonly isIn: Detector;
}

function search(object: ApiObject, json: unknown, wanted: readonly Wanted[]): Finding[] {
  const fields = fieldsOf(json);
  // Nearly always there is nothing: all fields at once, with what no text of theirs can go across between them.
  const whole = searchable(fields.map(({ text }) => text).join('\0'));
  return wanted
    .filter(({ isIn }) => isIn.some(whole))
    .flatMap(({ passwordEnv, isIn }) => {
      const field = fields.find(({ text }) => isIn.field(searchable(text)));
      if (field === undefined) return [];
      // An object that is named after the secret is not named.
      const name = isIn.some(searchable(object.metadata?.name ?? '')) ? '' : ` ${object.metadata?.name}`;
      return finding('credential-leaked', {
        message: `the value of ${passwordEnv} stands in field ${field.path} of the ${object.kind}${name}, which goes into a file that git does not ignore`,
        hint: 'Remove it from the configuration or the digests file. If it stands there by chance, it is too common a word for a password.',
      });
    });
}

/** Every key and value of an object, and where it stands. A key is told by what holds it: it may be the secret. */
function fieldsOf(value: unknown, path = ''): { path: string; text: string }[] {
  if (typeof value === 'string' || typeof value === 'number') return [{ path, text: String(value) }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [
    { path: `${path} (a key below it)`, text: key },
    ...fieldsOf(child, path ? `${path}.${key}` : key),
  ]);
}

/** A text, and the same as base64 that nobody folded, in the one alphabet. */
interface Searchable {
  readonly text: string;
  readonly unfolded: string;
}

function searchable(text: string): Searchable {
  return { text, unfolded: text.replace(/\s+/g, '').replace(/-/g, '+').replace(/_/g, '/') };
}

/** A shorter one would be found in innocent words; it counts only as the whole of a field. */
const SHORTEST = 6;

/** Whether a secret is in one field, or in some of many. */
interface Detector {
  readonly field: (field: Searchable) => boolean;
  readonly some: (fields: Searchable) => boolean;
}

function detector(secret: string): Detector {
  const plain = [...new Set([secret, JSON.stringify(secret).slice(1, -1)])];
  if (secret.length < SHORTEST) {
    const whole = plain.flatMap((text) => [text, Buffer.from(text).toString('base64')]);
    return {
      field: ({ text }) => whole.includes(text),
      some: ({ text }) => whole.some((form) => text.includes(form)),
    };
  }
  const once = plain.flatMap(base64Cores);
  const cores = [...new Set([...once, ...once.flatMap(base64Cores)])];
  const within = ({ text, unfolded }: Searchable): boolean =>
    plain.some((form) => text.includes(form)) || cores.some((core) => unfolded.includes(core));
  return { field: within, some: within };
}
