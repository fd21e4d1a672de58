import type { Config } from '../config/schema.ts';
import { type Environment, type LoginVariables, readLogins } from './logins.ts';
import type { RegistryLogin } from './registry-secret.ts';

// On a machine where somebody works, unlike at synth, a login that airgap.yaml takes from the environment need not be
// there: skopeo login or docker login may have left one.

/**
 * The logins of `mirror.auth` whose variables the environment has.
 *
 * @throws InputError where it has only one of the two
 */
export function readMirrorLogins({ mirror }: Config, environment: Environment): RegistryLogin[] {
  return readGiven(mirror?.auth.filter((auth) => auth.source === 'env') ?? [], environment);
}

/** The login of the pull Secret, under the same condition. */
export function readPullLogin({ registry, pullSecret }: Config, environment: Environment): RegistryLogin[] {
  if (pullSecret?.source !== 'env') return [];
  return readGiven([{ server: registry.server, ...pullSecret }], environment);
}

function readGiven(wanted: readonly LoginVariables[], environment: Environment): RegistryLogin[] {
  const given = wanted.filter(
    ({ usernameEnv, passwordEnv }) => environment[usernameEnv] || environment[passwordEnv],
  );
  return readLogins(given, environment);
}
