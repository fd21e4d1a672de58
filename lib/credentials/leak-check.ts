import { base64Cores } from './base64.ts';

/** A password that synth knows. */
export interface KnownSecret {
  /** Where it comes from, as a noun phrase: `the value of REGISTRY_PASSWORD`. */
  readonly from: string;
  readonly password: string;
}

/** A rendered object. */
export interface SearchedObject {
  readonly kind: string;
  readonly name?: string;
  /** All of it, as it is written. */
  readonly json: unknown;
}

/**
 * Makes a search of objects for known passwords: as they are, as JSON writes them, and in base64 wherever they begin
 * in it, twice over (a docker config in a Secret holds base64 in base64). Looks at keys and values, ignores line
 * folding, and takes the URL alphabet of base64 as the other.
 *
 * @returns for each password that is in an object: the field and the object, in a message without the password
 */
export function leakSearch(
  secrets: readonly KnownSecret[],
): (objects: readonly SearchedObject[]) => string[] {
  const wanted = secrets.map((secret) => ({ ...secret, isIn: detector(secret.password) }));
  return (objects) => objects.flatMap((object) => search(object, wanted));
}

interface Wanted extends KnownSecret {
  readonly isIn: Detector;
}

function search({ kind, name = '', json }: SearchedObject, wanted: readonly Wanted[]): string[] {
  const fields = fieldsOf(json);
  // Nearly always there is nothing: all fields at once, with what no text of theirs can go across between them.
  const whole = searchable(fields.map(({ text }) => text).join('\0'));
  return wanted
    .filter(({ isIn }) => isIn.some(whole))
    .flatMap(({ from, isIn }) => {
      const field = fields.find(({ text }) => isIn.field(searchable(text)));
      if (field === undefined) return [];
      // An object that is named after the secret is not named.
      const called = isIn.some(searchable(name)) ? '' : ` ${name}`;
      return `${from} stands in field ${field.path} of the ${kind}${called}`;
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
