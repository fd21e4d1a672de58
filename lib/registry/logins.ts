import type { Config } from '../config/schema.ts';
import type { Environment } from '../input/environment.ts';
import type { RegistryLogin } from '../plan/docker-config.ts';
import { type LoginVariables, mirrorVariables, pullVariables, readLogin } from '../plan/environment-login.ts';
import { type Finding, refuseErrors } from '../plan/finding.ts';

// On a machine where somebody works, unlike at synth, a login that airgap.yaml takes from the environment need not be
// there: skopeo login or docker login may have left one.

/**
 * The logins of `mirror.auth` that the environment has.
 *
 * @throws InputError where it has only one of the two variables, or what no registry takes
 */
export function readMirrorLogins(config: Config, environment: Environment): RegistryLogin[] {
  return readGiven(mirrorVariables(config), environment);
}

/** The login of the pull Secret, under the same condition. */
export function readPullLogin(config: Config, environment: Environment): RegistryLogin[] {
  return readGiven(pullVariables(config), environment);
}

/** The environment without these logins: what runs skopeo hands them on as files, and nobody else needs them. */
export function withoutLogins(config: Config, environment: Environment): Environment {
  const names = [...pullVariables(config), ...mirrorVariables(config)].flatMap(
    ({ usernameEnv, passwordEnv }) => [usernameEnv, passwordEnv],
  );
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !names.includes(name)));
}

function readGiven(wanted: readonly LoginVariables[], environment: Environment): RegistryLogin[] {
  const findings: Finding[] = [];
  const logins = wanted
    .filter(({ usernameEnv, passwordEnv }) => environment[usernameEnv] || environment[passwordEnv])
    .map((variables) => readLogin(variables, environment, findings));
  refuseErrors(findings);
  return logins;
}
