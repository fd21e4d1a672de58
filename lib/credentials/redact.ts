import type { WriteStream } from 'node:tty';
import type { Environment } from '../input/environment.ts';
import { base64Cores } from './base64.ts';
import type { DockerAuth } from './docker-config.ts';

/** Variables that hold secrets by their names. */
const NAMES = /PASSWORD|PASSWD|TOKEN|SECRET/i;
/** Shorter ones would be found in innocent words. */
const SHORTEST = 6;
/** A message cuts off long values: so much of a secret is recognised in front of the sign for that. */
const BEGINNING = 8;

/** What this process must not print. Like the masks of a CI runner, it only grows. */
const remembered = new Set<string>();

/** Keeps a secret out of everything that this process prints from now on. */
export function rememberSecret(secret: string): void {
  if (secret.length >= SHORTEST) remembered.add(secret);
}

/** The same for a user name and password, also as HTTP basic authentication and docker configs have them. */
export function rememberLogin({ username = '', password = '', identityToken = '' }: DockerAuth): void {
  rememberSecret(password);
  rememberSecret(identityToken);
  const basic = Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
  // Of short ones the text that they are base64 of is what is not repeated.
  if (password !== '' && basic.length >= BEGINNING) remembered.add(basic);
}

/**
 * Returns a text without known secrets, in plain, as JSON, a URL, a shell or YAML quotes them, and in base64: those
 * that this process read, and the values of variables that hold secrets by their names. What looks like the user name
 * and password of a URL is removed too. It is the last line of defence, should a secret stand where a message repeats
 * what it found.
 */
export function redact(text: string, environment: Environment = process.env): string {
  const secrets = new Set(remembered);
  for (const [name, value = ''] of Object.entries(environment)) {
    if (NAMES.test(name) && value.length >= SHORTEST) secrets.add(value);
  }
  // The longest first: one may begin with another.
  const forms = [...secrets].flatMap(formsOf).sort((a, b) => b.length - a.length);
  return forms.reduce(removeForm, removeUserInfo(text));
}

/** Redacts what Node.js prints of an error that nobody catches, and returns it. */
export function redactError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  error.stack = error.stack && redact(error.stack);
  error.message = redact(error.message);
  return error;
}

/** Redacts everything that this process writes to its standard streams. */
export function redactOutput(): void {
  for (const stream of [process.stdout, process.stderr]) redactStream(stream);
}

function redactStream(stream: WriteStream): void {
  const write = stream.write.bind(stream) as (chunk: string | Uint8Array, ...rest: unknown[]) => boolean;
  const redacted = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    if (typeof chunk === 'string') return write(redact(chunk), ...rest);
    const text = Buffer.from(chunk).toString('utf8');
    const without = redact(text);
    return write(without === text ? chunk : without, ...rest);
  };
  stream.write = redacted as typeof stream.write;
}

const formsBySecret = new Map<string, readonly string[]>();

/** Every form of a secret that is removed. */
function formsOf(secret: string): readonly string[] {
  const known = formsBySecret.get(secret);
  if (known) return known;
  const json = JSON.stringify(secret).slice(1, -1);
  const plain = [
    secret,
    json,
    JSON.stringify(json).slice(1, -1),
    goJson(json),
    encodeURIComponent(secret),
    secret.replaceAll("'", `'\\''`),
    secret.replaceAll("'", "''"),
    secret.replace(/[^\w@%+=:,./-]/g, '\\$&'),
  ];
  const encoded = [secret, json, goJson(json)].flatMap(base64Cores);
  const twice = encoded.flatMap(base64Cores);
  const urls = [...encoded, ...twice].map((form) => form.replaceAll('+', '-').replaceAll('/', '_'));
  const forms = [...new Set([...plain, ...encoded, ...twice, ...urls])].filter(
    (form) => form.length >= SHORTEST,
  );
  formsBySecret.set(secret, forms);
  return forms;
}

/** JSON as Go writes it, which kubectl and registries are written in. */
export function goJson(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function removeForm(text: string, form: string): string {
  const whole = text.replaceAll(form, '***');
  const beginning = form.slice(0, BEGINNING);
  if (form.length <= BEGINNING || !whole.includes(beginning) || !whole.includes('…')) return whole;
  return whole
    .split(beginning)
    .map((part, index) => {
      if (index === 0) return part;
      const rest = afterCommon(part, form.slice(BEGINNING));
      return rest.startsWith('…') ? `***${rest}` : `${beginning}${part}`;
    })
    .join('');
}

/** What is left of a text behind the characters that it begins with in common with another. */
function afterCommon(text: string, other: string): string {
  let length = 0;
  while (length < other.length && text[length] === other[length]) length += 1;
  return text.slice(length);
}

/** What cannot be in a user name or password of a URL. */
const NOT_IN_USER_INFO = /[\s"'`/@]/;
const LONGEST_USER_INFO = 512;
/** A digest follows the tag of an image in the same way. A registry's name has a dot or a port. */
const HOST = /(?!sha(?:256|512):)(?:[\w-]+\.[\w.-]|localhost\b|[\w.-]+:\d|\[)/y;

/** Removes `user:password` in front of `@` and a host. */
function removeUserInfo(text: string): string {
  let result = '';
  let done = 0;
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    HOST.lastIndex = at + 1;
    if (!HOST.test(text)) continue;
    const start = startOfUserInfo(text, at);
    const [user = ''] = text.slice(start, at).split(':', 1);
    // An e-mail address may have that in front of it, and no password.
    if (start + user.length >= at - 1 || user === 'mailto') continue;
    result += `${text.slice(done, start)}***`;
    done = at;
  }
  return result + text.slice(done);
}

function startOfUserInfo(text: string, at: number): number {
  let start = at;
  while (start > 0 && at - start < LONGEST_USER_INFO && !NOT_IN_USER_INFO.test(text[start - 1] ?? ''))
    start -= 1;
  return start;
}
