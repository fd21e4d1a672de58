import type { Config } from '../config/schema.ts';
import { type Environment, type LoginVariables, readLogins } from '../manifests/logins.ts';
import type { RegistryLogin } from '../manifests/registry-secret.ts';
import { RegistryClient } from './client.ts';
import { Credentials } from './credentials.ts';
import { Http } from './http.ts';

export interface OpenOptions {
  /** Where credentials, certificates and proxies are named, as `process.env`. */
  readonly environment: Environment;
  /** File of PEM certificates to trust beside those of the machine. */
  readonly caFile?: string;
}

/**
 * Gives `work` a client for every registry of a configuration, and ends its connections afterwards.
 *
 * @throws InputError for credentials or certificates that cannot be read
 */
export async function withRegistries<T>(
  config: Config,
  { environment, caFile }: OpenOptions,
  work: (client: RegistryClient) => Promise<T>,
): Promise<T> {
  const logins = [...readPullLogin(config, environment), ...readMirrorLogins(config, environment)];
  const credentials = new Credentials(environment, logins);
  const http = new Http({ environment, caFile });
  try {
    return await work(new RegistryClient({ http, credentials, insecure: config.mirror?.insecure }));
  } finally {
    await http.close();
  }
}

/** The logins of `mirror.auth` whose variables the environment has; the others are left to the docker configs. */
export function readMirrorLogins({ mirror }: Config, environment: Environment): RegistryLogin[] {
  const wanted = mirror?.auth.filter((auth) => auth.source === 'env') ?? [];
  return readGiven(wanted, environment);
}

function readPullLogin({ registry, pullSecret }: Config, environment: Environment): RegistryLogin[] {
  return pullSecret?.source === 'env'
    ? readGiven([{ server: registry.server, ...pullSecret }], environment)
    : [];
}

function readGiven(wanted: readonly LoginVariables[], environment: Environment): RegistryLogin[] {
  const given = wanted.filter(
    ({ usernameEnv, passwordEnv }) => environment[usernameEnv] || environment[passwordEnv],
  );
  return readLogins(given, environment);
}
