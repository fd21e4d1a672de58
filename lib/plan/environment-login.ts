import type { ConfigPlace } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Environment } from '../input/environment.ts';
import type { RegistryLogin } from './docker-config.ts';
import { type Finding, type FindingCode, finding } from './finding.ts';

/** A credential with `source: env`: which variables hold its user name and password. */
export interface LoginVariables {
  readonly server: string;
  readonly usernameEnv: string;
  readonly passwordEnv: string;
  readonly sharedWithNodes?: boolean;
  /** Its path in the configuration. */
  readonly path: readonly PropertyKey[];
}

/** Which variables hold the login that the nodes pull with; none or one. */
export function pullVariables({ pullSecret, registry }: Config): LoginVariables[] {
  if (pullSecret?.source !== 'env') return [];
  return [{ ...pullSecret, server: registry.server, path: ['pullSecret'] }];
}

/** Which variables hold the logins of the mirror. */
export function mirrorVariables({ mirror }: Config): LoginVariables[] {
  return (mirror?.auth ?? []).flatMap((auth, index) =>
    auth.source === 'env' ? { ...auth, path: ['mirror', 'auth', index] } : [],
  );
}

/** A login and the variable that its password came from. */
export interface EnvironmentLogin extends RegistryLogin {
  readonly passwordEnv: string;
}

/**
 * Reads one login.
 *
 * @param findings takes an error for each variable that is missing or holds what no registry takes; never its value
 */
export function readLogin(
  { server, usernameEnv, passwordEnv, path }: LoginVariables,
  environment: Environment,
  findings: Finding[],
  place?: ConfigPlace,
): EnvironmentLogin {
  const wrong = (code: FindingCode, key: 'usernameEnv' | 'passwordEnv', what: string): void => {
    const variable = { usernameEnv, passwordEnv }[key];
    findings.push(
      finding(code, {
        place: place?.(...path, key),
        message: `the environment variable ${variable}, for ${server}, ${what}`,
        hint: `Set it in the environment of this command: export ${variable}=… (the credential has source: env).`,
      }),
    );
  };
  const read = (key: 'usernameEnv' | 'passwordEnv', variable: string): string => {
    const value = environment[variable];
    if (value === undefined) wrong('credential-unset', key, 'is not set');
    else if (value === '') wrong('credential-empty', key, 'is empty');
    else if (/[\p{Cc}\u2028\u2029]/u.test(value))
      wrong('credential-control-character', key, 'holds a line break or another control character');
    return value ?? '';
  };
  const username = read('usernameEnv', usernameEnv);
  if (username.includes(':'))
    wrong('credential-colon', 'usernameEnv', 'holds a colon, which ends a user name (RFC 7617)');
  return { server, username, password: read('passwordEnv', passwordEnv), passwordEnv };
}
