import type { Config } from '../config/schema.ts';
import type { Environment } from '../input/environment.ts';
import { readTextFile } from '../input/file.ts';
import { runLocally } from '../mirror/local-run.ts';
import { type RegistryLogin, renderDockerConfig } from '../plan/docker-config.ts';
import script from './load.sh';

export interface LocalLoadOptions {
  /** The folder of the bundle. */
  readonly bundle: string;
  /** Folders of older bundles. */
  readonly older: readonly string[];
  /** Says which servers may be insecure; there may be no airgap.yaml on this side. */
  readonly config?: Config;
  /** The logins that the environment gives; without any, skopeo finds its own. */
  readonly logins: readonly RegistryLogin[];
  /** File of PEM certificates to trust beside those of the machine. */
  readonly caFile?: string;
  readonly environment: Environment;
  readonly onReport: (line: string) => void;
  readonly onProgress: (line: string) => void;
}

/**
 * Loads a bundle with our own copy of load.sh: what a carried disk holds is data, and is not run.
 *
 * @returns its exit code
 * @throws InputError where skopeo is missing
 */
export function loadLocally(options: LocalLoadOptions): Promise<number> {
  const { bundle, older, config, logins, caFile, environment, onReport, onProgress } = options;
  return runLocally({
    script,
    files: {
      ...(logins.length > 0 && { 'auth.json': renderDockerConfig(logins) }),
      ...(caFile && { 'certs/default/ca.crt': readTextFile(caFile, 'certificates of authorities as PEM') }),
    },
    args: () => [bundle, ...older],
    env: (directory) => ({
      ...(config?.mirror && { ESS_AIRGAP_INSECURE: config.mirror.insecure.join(' ') }),
      ...(logins.length > 0 && { REGISTRY_AUTH_FILE: `${directory}/auth.json` }),
      ...(caFile && { ESS_AIRGAP_CERT_DIR: `${directory}/certs` }),
    }),
    environment,
    onReport,
    onProgress,
  });
}
