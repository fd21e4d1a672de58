import { InputError, type Problem } from '../input/problem.ts';
import type { RegistryLogin } from './registry-secret.ts';

/** The environment that credentials with `source: env` come from, as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Names of the variables that hold a login. */
export interface LoginVariables {
  readonly server: string;
  readonly usernameEnv: string;
  readonly passwordEnv: string;
}

/**
 * The logins that the environment holds. Values are never repeated in a message.
 *
 * @throws InputError that names every variable that is missing or holds what no registry takes
 */
export function readLogins(wanted: readonly LoginVariables[], environment: Environment): RegistryLogin[] {
  const problems: Problem[] = [];
  const read = (variable: string, server: string): string => {
    const value = environment[variable];
    const wrong = (what: string): void => {
      problems.push({
        message: `the environment variable ${variable}, for ${server}, ${what}`,
        hint: `Set it in the environment of the synth: export ${variable}=… (in airgap.yaml the credential has source: env).`,
      });
    };
    if (value === undefined || value === '') wrong(value === undefined ? 'is not set' : 'is empty');
    else if (/[\r\n]/.test(value)) wrong('holds a line break');
    return value ?? '';
  };
  const logins = wanted.map(({ server, usernameEnv, passwordEnv }) => {
    const username = read(usernameEnv, server);
    if (username.includes(':')) {
      problems.push({
        message: `the user name in ${usernameEnv}, for ${server}, holds a colon, which ends a user name`,
      });
    }
    return { server, username, password: read(passwordEnv, server) };
  });
  if (problems.length > 0) throw new InputError(problems);
  return logins;
}
