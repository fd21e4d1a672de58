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
  const wanted = secrets.map((secret) => ({ ...secret, contains: detector(secret.password) }));
  const objects = charts.flatMap(({ node }) => node.findAll()).filter((it) => it instanceof ApiObject);
  return objects
    .map((object) => object.toJson())
    .flatMap((object) =>
      wanted.flatMap(({ passwordEnv, contains }) => {
        const field = findField(object, contains);
        if (field === undefined) return [];
        // An object that is named after the secret is not named.
        const name = contains(object.metadata?.name ?? '') ? '' : ` ${object.metadata?.name}`;
        return finding('credential-leaked', {
          message: `the value of ${passwordEnv} stands in field ${field} of the ${object.kind}${name}, which goes into a file that git does not ignore`,
          hint: 'Remove it from the configuration or the digests file. If it stands there by chance, it is too common a word for a password.',
        });
      }),
    );
}

/** The path of the first key or value of an object that contains something. */
function findField(value: unknown, contains: (text: string) => boolean, path = ''): string | undefined {
  if (typeof value === 'string' || typeof value === 'number')
    return contains(String(value)) ? path : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    if (contains(key)) return `${path} (a key below it)`;
    const found = findField(child, contains, path ? `${path}.${key}` : key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A shorter one would be found in innocent words; it counts only as the whole of a text. */
const SHORTEST = 6;

function detector(secret: string): (text: string) => boolean {
  const plain = [...new Set([secret, JSON.stringify(secret).slice(1, -1)])];
  const once = plain.flatMap(base64Cores);
  const cores = [...once, ...once.flatMap(base64Cores)];
  const whole = plain.flatMap((text) => [text, Buffer.from(text).toString('base64')]);
  if (secret.length < SHORTEST) return (text) => whole.includes(text);
  return (text) => {
    if (plain.some((form) => text.includes(form))) return true;
    const unfolded = text.replace(/\s+/g, '').replace(/-/g, '+').replace(/_/g, '/');
    return cores.some((core) => unfolded.includes(core));
  };
}
