import type { Config } from '../config/schema.ts';
import type { Environment } from '../input/environment.ts';
import { InputError, type Problem } from '../input/problem.ts';
import type { RegistryLogin } from '../plan/docker-config.ts';

// On a machine where somebody works, unlike at synth, a login that airgap.yaml takes from the environment need not be
// there: skopeo login or docker login may have left one.

interface LoginVariables {
  readonly server: string;
  readonly usernameEnv: string;
  readonly passwordEnv: string;
}

/**
 * The logins of `mirror.auth` whose variables the environment has.
 *
 * @throws InputError where it has only one of the two, or what no registry takes
 */
export function readMirrorLogins({ mirror }: Config, environment: Environment): RegistryLogin[] {
  return readGiven(mirror?.auth.filter((auth) => auth.source === 'env') ?? [], environment);
}

/** The login of the pull Secret, under the same condition. */
export function readPullLogin({ registry, pullSecret }: Config, environment: Environment): RegistryLogin[] {
  if (pullSecret?.source !== 'env') return [];
  return readGiven([{ ...pullSecret, server: registry.server }], environment);
}

/** The environment without these logins: what runs skopeo hands them on as files, and nobody else needs them. */
export function withoutLogins({ mirror, pullSecret }: Config, environment: Environment): Environment {
  const credentials = [...(mirror?.auth ?? []), ...(pullSecret ? [pullSecret] : [])];
  const names = credentials.flatMap((it) => (it.source === 'env' ? [it.usernameEnv, it.passwordEnv] : []));
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !names.includes(name)));
}

function readGiven(wanted: readonly LoginVariables[], environment: Environment): RegistryLogin[] {
  const problems: Problem[] = [];
  const logins = wanted.flatMap(({ server, usernameEnv, passwordEnv }) => {
    const username = environment[usernameEnv] ?? '';
    const password = environment[passwordEnv] ?? '';
    if (username === '' && password === '') return [];
    // Values are never repeated in a message.
    const wrong = (variable: string, what: string): void => {
      problems.push({ message: `the environment variable ${variable}, for ${server}, ${what}` });
    };
    if (username === '') wrong(usernameEnv, `is not set, but ${passwordEnv} is`);
    if (password === '') wrong(passwordEnv, `is not set, but ${usernameEnv} is`);
    if (username.includes(':')) wrong(usernameEnv, 'holds a colon, which ends a user name');
    if (/\p{Cc}/u.test(username)) wrong(usernameEnv, 'holds a line break or another control character');
    if (/\p{Cc}/u.test(password)) wrong(passwordEnv, 'holds a line break or another control character');
    return [{ server, username, password }];
  });
  if (problems.length > 0) throw new InputError(problems);
  return logins;
}
