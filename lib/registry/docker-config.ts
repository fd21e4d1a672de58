import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../input/environment.ts';
import { readTextFile } from '../input/file.ts';
import { InputError } from '../input/problem.ts';

/** A docker config file (`config.json`, `auth.json`), as far as it says how to log in. */
export interface DockerConfig {
  readonly file: string;
  /** By key: host[:port], or host/path for a part of it. */
  readonly auths: readonly ({ readonly server: string } & DockerAuth)[];
  /** The suffix of the program `docker-credential-…`, by host. */
  readonly credHelpers: ReadonlyMap<string, string>;
  /** The same for every host that `credHelpers` does not name. */
  readonly credsStore?: string;
}

/** What a docker config has for one key. */
export interface DockerAuth {
  readonly username?: string;
  readonly password?: string;
  /** What is exchanged for access tokens instead of a password. */
  readonly identityToken?: string;
}

/**
 * The docker config files that are there, the first one first: where containers-auth.json(5) says that skopeo
 * looks, so that every command finds the same credentials.
 *
 * @throws InputError for a file that is none; what stands in it is never repeated
 */
export function readDockerConfigs(environment: Environment): DockerConfig[] {
  const { REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, XDG_CONFIG_HOME, DOCKER_CONFIG, HOME } = environment;
  const home = HOME || homedir();
  const runtime = XDG_RUNTIME_DIR || `/run/containers/${process.getuid?.() ?? 0}`;
  const files = REGISTRY_AUTH_FILE
    ? [REGISTRY_AUTH_FILE]
    : [
        join(runtime, XDG_RUNTIME_DIR ? 'containers/auth.json' : 'auth.json'),
        join(XDG_CONFIG_HOME || join(home, '.config'), 'containers/auth.json'),
        join(DOCKER_CONFIG || join(home, '.docker'), 'config.json'),
      ];
  return files.filter((file) => existsSync(file)).map(readDockerConfig);
}

function readDockerConfig(file: string): DockerConfig {
  const wrong = (message: string): InputError =>
    new InputError([{ place: { file, line: 1, column: 1 }, message }]);
  let value: unknown;
  try {
    value = JSON.parse(readTextFile(file, 'a docker config'));
  } catch (error) {
    if (error instanceof InputError) throw error;
    // The parser's own words repeat a piece of the text, which holds passwords.
    throw wrong('this is no JSON; expected a docker config');
  }
  if (!isObject(value)) throw wrong('this is no JSON object; expected a docker config');
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
        password: text.slice(colon + 1).replace(/\0+$/, ''),
        ...token,
      };
  }
  if (typeof username === 'string' && typeof password === 'string') return { username, password, ...token };
  return { ...token };
}

/** The key of docker.io has three spellings; old files have URLs for keys. */
function normalizeKey(key: string): string {
  const name = key.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  const bare = /^https?:\/\//.test(key) || /\/v[12]$/.test(name) ? name.replace(/\/.*$/, '') : name;
  return bare === 'index.docker.io' || bare === 'registry-1.docker.io' ? 'docker.io' : bare;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
