import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ConfigPlace } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Environment } from '../input/environment.ts';
import { readTextFile } from '../input/file.ts';
import { InputError, type Problem } from '../input/problem.ts';
import { checkCredentialFiles } from './credential-files.ts';
import type { Credential, CredentialProblem, KnownLogin, ReadContext } from './credential-source.ts';
import { rememberLogin } from './redact.ts';
import { credentialsOf, sourceOf } from './sources.ts';

/** The values of a credential of the configuration, and the credential. */
export interface CredentialLogin extends KnownLogin {
  readonly credential: Credential;
}

/**
 * Reads every credential whose values synth needs: all of them must be there.
 *
 * @param place where the configuration's values stand, if it was read from a file
 * @throws InputError with every value that is missing or that no registry accepts, every credential that nodes and Job
 *   share without `sharedWithNodes`, and every file of credentials that git would commit
 */
export function readLogins(config: Config, environment: Environment, place?: ConfigPlace): CredentialLogin[] {
  const reader = new LoginReader(config, environment, place);
  const logins = credentialsOf(config).flatMap((credential) => reader.read(credential) ?? []);
  for (const login of logins) reader.checkShared(login, logins);
  const inGit = checkCredentialFiles(config, place).filter(({ code }) => code === 'credential-file-in-git');
  reader.throwProblems(inGit);
  return logins;
}

/**
 * Reads the credentials whose values this machine has: on a workstation, unlike at synth, they may be missing, because
 * `skopeo login` or `docker login` may have left others.
 *
 * @param usedBy only the credentials of the nodes, or of the mirror
 * @throws InputError for half a login, and for values that no registry accepts
 */
export function readGivenLogins(
  config: Config,
  environment: Environment,
  { usedBy, place }: { readonly usedBy?: Credential['usedBy']; readonly place?: ConfigPlace } = {},
): CredentialLogin[] {
  const reader = new LoginReader(config, environment, place);
  const logins = credentialsOf(config)
    .filter((credential) => !usedBy || credential.usedBy === usedBy)
    .filter((credential) => reader.isGiven(credential))
    .flatMap((credential) => reader.read(credential) ?? []);
  reader.throwProblems();
  return logins;
}

/** Returns the environment without these logins: skopeo gets them as files, and no other program needs them. */
export function withoutLogins(config: Config, environment: Environment): Environment {
  const names = credentialsOf(config).flatMap((credential) => {
    const source = sourceOf(credential);
    return source.secret === 'plain' ? source.variables(credential) : [];
  });
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !names.includes(name)));
}

/** The registry of the sample. */
const DEMO_SERVER = 'localregistry.local';

/** Whether a password is one of demo.env, which everybody knows. */
function isDemo(password: string): boolean {
  return /^demo-not-a-(password|token)/.test(password);
}

class LoginReader {
  readonly #folder: string;
  readonly #server: string;
  readonly #environment: Environment;
  readonly #place: ConfigPlace | undefined;
  readonly #problems: CredentialProblem[] = [];

  constructor({ folder, registry }: Config, environment: Environment, place: ConfigPlace | undefined) {
    this.#folder = folder;
    this.#server = registry.server;
    this.#environment = environment;
    this.#place = place;
  }

  isGiven(credential: Credential): boolean {
    const source = sourceOf(credential);
    return source.secret === 'plain' && source.isGiven(credential, this.#contextOf(credential));
  }

  read(credential: Credential): CredentialLogin | undefined {
    const source = sourceOf(credential);
    if (source.secret !== 'plain') return undefined;
    const login = source.read(credential, this.#contextOf(credential));
    rememberLogin(login);
    if (isDemo(login.password) && this.#server !== DEMO_SERVER) {
      this.#problems.push({
        code: 'credential-demo',
        place: this.#place?.(...credential.path),
        message: `${login.from}, for ${login.server}, is a fake credential of demo.env, but this configuration is not the demo`,
        hint: 'Set your own credentials.',
      });
    }
    return { ...login, credential };
  }

  /** The same user name and password, whatever their sources. */
  checkShared(login: CredentialLogin, logins: readonly CredentialLogin[]): void {
    const { config, usedBy, path } = login.credential;
    if (usedBy === 'nodes' || !login.password || ('sharedWithNodes' in config && config.sharedWithNodes))
      return;
    const same = logins.find(
      ({ credential, username, password }) =>
        credential.usedBy === 'nodes' && username === login.username && password === login.password,
    );
    if (!same) return;
    this.#problems.push({
      code: 'credential-shared',
      place: this.#place?.(...path),
      message: `${login.from}, for ${login.server}, and ${same.from}, which the nodes get, are the same credential`,
      hint: 'Give the Job its own credential. If this is intended, set sharedWithNodes: true in its entry of mirror.auth.',
    });
  }

  throwProblems(others: readonly Problem[] = []): void {
    const problems = [...this.#problems, ...others];
    if (problems.length > 0) throw new InputError(problems);
  }

  #contextOf({ path }: Credential): ReadContext {
    const place = this.#place;
    const folder = this.#folder;
    return {
      environment: this.#environment,
      readFile(file) {
        const absolute = resolve(folder, file);
        return existsSync(absolute) ? readTextFile(absolute, 'a docker config') : undefined;
      },
      report: (key, problem) => this.#problems.push({ place: place?.(...path, key), ...problem }),
    };
  }
}
