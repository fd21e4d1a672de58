import type { Config } from '../config/schema.ts';
import { readGivenLogins } from '../credentials/logins.ts';
import { Credentials } from '../credentials/machine.ts';
import type { Environment } from '../input/environment.ts';
import { RegistryClient } from './client.ts';
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
 * @param config left out, only the logins of `skopeo login` and `docker login` are known
 * @throws InputError for credentials or certificates that cannot be read
 */
export async function withRegistries<T>(
  config: Config | undefined,
  { environment, caFile }: OpenOptions,
  work: (client: RegistryClient) => Promise<T>,
): Promise<T> {
  const credentials = new Credentials(environment, config ? readGivenLogins(config, environment) : []);
  const http = new Http({ environment, caFile });
  try {
    return await work(new RegistryClient({ http, credentials, insecure: config?.mirror?.insecure }));
  } finally {
    await http.close();
  }
}
