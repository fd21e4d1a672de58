import type { Config } from '../config/schema.ts';
import { readGivenLogins } from '../credentials/logins.ts';
import { Credentials } from '../credentials/machine.ts';
import { credentialFor } from '../credentials/select.ts';
import type { ImageReference } from '../image/reference.ts';
import type { Environment } from '../input/environment.ts';
import { RegistryClient } from './client.ts';
import { Http } from './http.ts';
import type { Limits } from './limits.ts';

export interface OpenOptions {
  /** Where credentials, certificates and proxies are named, as `process.env`. */
  readonly environment: Environment;
  /** File of PEM certificates to trust beside those of the machine. */
  readonly caFile?: string;
  /** Whose logins of the configuration count. Default: those of the nodes and of the mirror. */
  readonly usedBy?: 'nodes' | 'mirror';
  /** Leaves out what skopeo login and docker login left on this machine. Default: false. */
  readonly configuredOnly?: boolean;
  /** @default DEFAULT_LIMITS */
  readonly limits?: Limits;
}

/**
 * Gives `work` a client for every registry of a configuration, and ends its connections afterwards.
 *
 * @param config left out, only the logins of `skopeo login` and `docker login` are known
 * @throws InputError for credentials or certificates that cannot be read
 */
export async function withRegistries<T>(
  config: Config | undefined,
  { environment, caFile, usedBy, configuredOnly = false, limits }: OpenOptions,
  work: (client: RegistryClient) => Promise<T>,
): Promise<T> {
  const logins = config ? readGivenLogins(config, environment, { usedBy }) : [];
  const credentials = configuredOnly
    ? { find: async (image: ImageReference) => credentialFor(image, logins) }
    : new Credentials(environment, logins);
  const http = new Http({ environment, caFile, limits });
  try {
    return await work(new RegistryClient({ http, credentials, insecure: config?.mirror?.insecure }));
  } finally {
    await http.close();
  }
}
