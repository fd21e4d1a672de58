import { bytesOf, decodingsOf } from './decodings.ts';
import { isQuotedIn } from './quoted-text.ts';

/** A password that synth knows. */
export interface KnownSecret {
  /** Where it comes from, as a noun phrase: `the value of REGISTRY_PASSWORD`. */
  readonly from: string;
  readonly password: string;
}

/** Something that is written: a rendered object, or the name of a file. */
export interface Searched {
  /** What it is, for a message: `ConfigMap`. */
  readonly kind: string;
  readonly name?: string;
  /** All of it, as it is written. */
  readonly json: unknown;
}

/**
 * The secret leak check: makes a search for known passwords in every key, value and name. docs/explanation/credentials.md
 * says in which forms they are found.
 *
 * @returns for each password that is in something: where, in a message that holds no password
 */
export function leakSearch(secrets: readonly KnownSecret[]): (written: readonly Searched[]) => string[] {
  const wanted = secrets.map((secret) => ({ ...secret, isIn: detectorOf(secret.password) }));
  // Nothing that is or holds a password is repeated.
  const mention = (text: string): string => (wanted.some(({ isIn }) => isIn.mentioned(text)) ? '***' : text);
  const search = ({ kind, name = '', json }: Searched): string[] => {
    const fields = fieldsOf(json);
    // Nearly always there is nothing: all fields at once, with what no text of theirs can go across between them.
    const whole = decodingsOf(fields.map(({ text }) => text).join('\0'));
    return wanted
      .filter(({ isIn }) => isIn.some(whole, fields))
      .flatMap(({ from, isIn }) => {
        const field = fields.find((it) => isIn.field(it));
        if (field === undefined) return [];
        const called = name && ` ${mention(name)}`;
        return `${from} is in the field ${mention(field.path)} of the ${mention(kind)}${called}`;
      });
  };
  return (written) => written.flatMap(search);
}

interface Field {
  readonly path: string;
  readonly text: string;
  /** A port or a number of seconds is no short password. */
  readonly isNumber?: boolean;
}

/** Every key and value, and where it is. A key is told by what holds it: it may be the secret. */
function fieldsOf(value: unknown, path = ''): Field[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (typeof value === 'number') return [{ path, text: String(value), isNumber: true }];
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => fieldsOf(item, `${path}.${index}`));
  return Object.entries(value).flatMap(([key, child]) => [
    { path: `${path} (a key below it)`, text: key },
    ...fieldsOf(child, path ? `${path}.${key}` : key),
  ]);
}

/** How one password is found. */
interface Detector {
  /** Whether it is in a field. */
  readonly field: (field: Field) => boolean;
  /** Whether it is in some of all fields, given all that these can be read as. */
  readonly some: (decodings: readonly string[], fields: readonly Field[]) => boolean;
  /** Whether a name or path would give it away. */
  readonly mentioned: (text: string) => boolean;
}

/** A shorter password would be found in innocent words. */
const SHORTEST = 6;

function detectorOf(secret: string): Detector {
  return secret.length < SHORTEST ? shortDetector(secret) : longDetector(secret);
}

function longDetector(secret: string): Detector {
  // A form of a web page writes blanks as +.
  const asForm = new URLSearchParams({ '': secret }).toString().slice(1);
  const literal = [...new Set([secret, bytesOf(secret)])];
  const isIn = (decodings: readonly string[]): boolean =>
    decodings.some((text) => literal.some((form) => isQuotedIn(text, form)) || text.includes(asForm));
  const mentioned = (text: string): boolean => isIn(decodingsOf(text));
  return { field: ({ text }) => mentioned(text), some: isIn, mentioned };
}

/** A short password counts where what is around it says that it is one. */
function shortDetector(secret: string): Detector {
  const whole = new Set([secret, JSON.stringify(secret)]);
  let encoded = secret;
  for (let layer = 0; layer < 4; layer++) {
    encoded = Buffer.from(encoded, 'utf8').toString('base64');
    whole.add(encoded);
    whole.add(encoded.replace(/=+$/, ''));
  }
  const forms = [...new Set([secret, bytesOf(secret)])];
  const literal = `(?:${forms.map((form) => [...form].map(escapeForRegExp).join('\\\\*')).join('|')})`;
  // password: x, "password":"x", \"password\":\"x\", --password=x
  const named = new RegExp(
    `(?:password|passwd)[\\\\'"]*\\s*[:=]\\s*[\\\\'"]*${literal}(?![^\\s\\\\'",;&}\\])])`,
    'i',
  );
  const inUrl = new RegExp(`://[^\\s/@]*:${literal}@`);
  const isNamed = (text: string): boolean => named.test(text) || inUrl.test(text) || isBasic(text, secret);
  const isWhole = ({ text, isNumber }: Field): boolean => !isNumber && whole.has(text.trim());
  return {
    field: (field) => isWhole(field) || decodingsOf(field.text).some(isNamed),
    some: (decodings, fields) => fields.some(isWhole) || decodings.some(isNamed),
    mentioned: (text) => text.includes(secret),
  };
}

/** Whether a text has base64 of a user name and this password, as a docker config or HTTP basic authentication. */
function isBasic(text: string, secret: string): boolean {
  const values = text.matchAll(/(?:\bauth[\\'"]*\s*[:=]\s*[\\'"]*|\bBasic\s+)([A-Za-z0-9+/_-]+={0,2})/gi);
  return [...values].some(([, value = '']) => {
    const login = Buffer.from(value, 'base64').toString('utf8');
    return login.includes(':') && login.slice(login.indexOf(':') + 1) === secret;
  });
}

function escapeForRegExp(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}
