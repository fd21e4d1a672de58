import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ImageReference } from '../image/reference.ts';
import type { Environment } from '../input/environment.ts';
import { readTextFile } from '../input/file.ts';
import { InputError, startOf } from '../input/problem.ts';
import type { KnownLogin } from './credential-source.ts';
import {
  type DockerAuth,
  type DockerConfig,
  parseDockerConfig,
  type RegistryLogin,
} from './docker-config.ts';
import { rememberLogin } from './redact.ts';
import { credentialFor } from './select.ts';

/** A login, and where it was found: for messages, which never hold the login itself. */
export interface Credential extends DockerAuth {
  readonly from: string;
}

interface Keyed extends Credential {
  readonly server: string;
}

/** Finds the credential for an image: among logins given by the configuration, else in the docker configs. */
export class Credentials {
  readonly #environment: Environment;
  readonly #helperTime: number;
  readonly #logins: readonly Keyed[];
  readonly #files: readonly { readonly config: DockerConfig; readonly auths: readonly Keyed[] }[];
  readonly #helped = new Map<string, Promise<Credential | undefined>>();

  /**
   * @param logins the logins that the configuration gives; they go before every docker config
   * @param helperTime longest time for a credential helper, in milliseconds; some ask a cloud
   * @throws InputError for a docker config that is none
   */
  constructor(
    environment: Environment,
    logins: readonly (RegistryLogin & Partial<KnownLogin>)[] = [],
    helperTime = 30_000,
  ) {
    this.#environment = environment;
    this.#helperTime = helperTime;
    this.#logins = logins.map((login) => ({ ...login, from: login.holder ?? 'airgap.yaml' }));
    this.#files = readDockerConfigs(environment).map((config) => ({
      config,
      auths: config.auths
        .filter(({ username, identityToken }) => username !== undefined || identityToken !== undefined)
        .map((auth) => ({ ...auth, from: config.file })),
    }));
  }

  /**
   * The credential of the most specific key for an image; of several files, that of the first which has one. The
   * same credential is the same object.
   *
   * @throws InputError where a credential helper fails
   */
  async find(image: ImageReference): Promise<Credential | undefined> {
    const login = credentialFor(image, this.#logins);
    if (login) return login;
    for (const { config, auths } of this.#files) {
      const helper = config.credHelpers.get(image.registry) ?? config.credsStore;
      const found =
        (helper && (await this.#ask(helper, image.registry, config.file))) || credentialFor(image, auths);
      if (!found) continue;
      rememberLogin(found);
      return found;
    }
    return undefined;
  }

  #ask(helper: string, server: string, file: string): Promise<Credential | undefined> {
    // docker login stores Docker Hub's credential under its old address, and helpers know it by that only.
    const name = server === 'docker.io' ? 'https://index.docker.io/v1/' : server;
    const key = `${helper} ${name}`;
    const known = this.#helped.get(key) ?? askHelper(helper, name, file, this.#environment, this.#helperTime);
    this.#helped.set(key, known);
    return known;
  }
}

/**
 * The docker config files that are there, the first one first: where containers-auth.json(5) says that skopeo
 * looks, so that every command finds the same credentials.
 *
 * @throws InputError for a file that is none; what stands in it is never repeated
 */
function readDockerConfigs(environment: Environment): DockerConfig[] {
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
  return files
    .filter((file) => existsSync(file))
    .map((file) => parseDockerConfig(readTextFile(file, 'a docker config'), file));
}

/** The most bytes that a helper may answer. */
const HELPER_BYTES = 64 * 1024;

/** Runs `docker-credential-HELPER get`: the server goes in, and the credential comes out, by pipes. */
async function askHelper(
  helper: string,
  server: string,
  file: string,
  environment: Environment,
  time: number,
): Promise<Credential | undefined> {
  const program = `docker-credential-${helper}`;
  const failed = (why: string): InputError =>
    new InputError([
      {
        place: startOf(file),
        message: `the credential helper ${program}, for ${server}, ${why}`,
      },
    ]);
  if (!/^[\w.-]+$/.test(helper)) throw failed('has a name that is not a program name');
  const { status, output } = await new Promise<{ status: number | null; output: string }>(
    (resolve, reject) => {
      const child = spawn(program, ['get'], { env: environment, stdio: ['pipe', 'pipe', 'ignore'] });
      const end = (error: InputError): void => {
        child.kill('SIGKILL');
        // What it started may live on and hold the pipe.
        child.stdout.destroy();
        child.unref();
        reject(error);
      };
      const timer = setTimeout(() => end(failed(`did not answer within ${time / 1000} s`)), time);
      const chunks: Buffer[] = [];
      let size = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > HELPER_BYTES) end(failed(`answered more than ${HELPER_BYTES / 1024} KiB`));
        else chunks.push(chunk);
      });
      child.once('error', () => reject(failed('cannot be run; expected it on the PATH')));
      child.once('close', (code) =>
        resolve({ status: code, output: Buffer.concat(chunks).toString('utf8') }),
      );
      for (const event of ['error', 'close']) child.once(event, () => clearTimeout(timer));
      // A helper that ends without reading closes the pipe: what counts is how it ended.
      child.stdin.on('error', () => {}).end(server);
    },
  );
  if (status !== 0) {
    if (/credentials not found/i.test(output)) return undefined;
    throw failed(`ended with exit code ${status}`);
  }
  const answer = parseAnswer(output);
  if (!answer) throw failed('did not answer with JSON with Username and Secret');
  const { Username, Secret } = answer;
  return Username === '<token>'
    ? { identityToken: Secret, from: program }
    : { username: Username, password: Secret, from: program };
}

function parseAnswer(output: string): { Username: string; Secret: string } | undefined {
  try {
    const { Username, Secret } = JSON.parse(output) as { Username?: unknown; Secret?: unknown };
    return typeof Username === 'string' && typeof Secret === 'string' ? { Username, Secret } : undefined;
  } catch {
    return undefined;
  }
}
