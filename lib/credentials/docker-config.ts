import { isObject } from '../common/collections.ts';
import { InputError, startOf } from '../input/problem.ts';

/** A user name and password for one server. */
export interface RegistryLogin {
  /** host[:port]; in a mirror's credential also host/path. */
  readonly server: string;
  readonly username: string;
  readonly password: string;
}

/** The docker config that holds some logins, the same bytes as `kubectl create secret docker-registry` makes for one. */
export function renderDockerConfig(logins: readonly RegistryLogin[]): string {
  const auths = logins.map(({ server, username, password }) => [
    server,
    { username, password, auth: Buffer.from(`${username}:${password}`, 'utf8').toString('base64') },
  ]);
  return JSON.stringify({ auths: Object.fromEntries(auths) });
}

/** A docker config file (`config.json`, `auth.json`), as far as it says how to log in. */
export interface DockerConfig {
  readonly file: string;
  /** By key: host[:port], or host/path for a part of it. */
  readonly auths: readonly DockerEntry[];
  /** The suffix of the program `docker-credential-…`, by host. */
  readonly credHelpers: ReadonlyMap<string, string>;
  /** The same for every host that `credHelpers` does not name. */
  readonly credsStore?: string;
}

/** A key of a docker config and what it has for it. */
export interface DockerEntry extends DockerAuth {
  readonly server: string;
}

/** What a docker config has for one key. */
export interface DockerAuth {
  readonly username?: string;
  readonly password?: string;
  /** What is exchanged for access tokens instead of a password. */
  readonly identityToken?: string;
}

/**
 * Reads a docker config.
 *
 * @param file its name for messages
 * @throws InputError for a text that is none; what stands in it is never repeated
 */
export function parseDockerConfig(text: string, file: string): DockerConfig {
  const wrong = (message: string): InputError => new InputError([{ place: startOf(file), message }]);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own words repeat a piece of the text, which holds passwords.
    throw wrong('this is not valid JSON; expected a docker config');
  }
  if (!isObject(value)) throw wrong('this is not a JSON object; expected a docker config');
  const auths = Object.entries(isObject(value.auths) ? value.auths : {}).map(([key, auth]) => ({
    server: normalizeKey(key),
    ...(isObject(auth) && readAuth(auth)),
  }));
  const helpers = Object.entries(isObject(value.credHelpers) ? value.credHelpers : {});
  return {
    file,
    auths,
    credHelpers: new Map(helpers.map(([key, name]) => [normalizeKey(key), String(name)])),
    ...(typeof value.credsStore === 'string' && value.credsStore !== '' && { credsStore: value.credsStore }),
  };
}

function readAuth({ auth, username, password, identitytoken }: Record<string, unknown>): DockerAuth {
  const token = typeof identitytoken === 'string' && identitytoken !== '' && { identityToken: identitytoken };
  if (typeof auth === 'string' && auth !== '') {
    const text = Buffer.from(auth, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    // Docker Desktop of old padded the password with zeros.
    if (colon > 0)
      return {
        username: text.slice(0, colon),
        password: withoutEnd(text.slice(colon + 1), '\0'),
        ...token,
      };
  }
  if (typeof username === 'string' && typeof password === 'string') return { username, password, ...token };
  return { ...token };
}

/** The key of docker.io has three spellings; old files have URLs for keys. */
function normalizeKey(key: string): string {
  const name = withoutEnd(key.replace(/^https?:\/\//, ''), '/');
  const bare = /^https?:\/\//.test(key) || /\/v[12]$/.test(name) ? name.replace(/\/.*$/, '') : name;
  return bare === 'index.docker.io' || bare === 'registry-1.docker.io' ? 'docker.io' : bare;
}

/** A text without this character at its end; a regular expression would take long for many of them. */
function withoutEnd(text: string, character: string): string {
  let end = text.length;
  while (text[end - 1] === character) end -= 1;
  return text.slice(0, end);
}
