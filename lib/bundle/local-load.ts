import type { Config } from '../config/schema.ts';
import { type RegistryLogin, renderDockerConfig } from '../credentials/docker-config.ts';
import type { Environment } from '../input/environment.ts';
import { runLocally } from '../mirror/local-run.ts';
import { LOAD_SCRIPT } from './script.ts';

export interface LocalLoadOptions {
  /** The folder of the bundle. */
  readonly bundle: string;
  /** Folders of older bundles. */
  readonly older: readonly string[];
  /** Says which servers may be insecure; there may be no airgap.yaml on this side. */
  readonly config?: Config;
  /** The logins that the environment gives; without any, skopeo finds its own. */
  readonly logins: readonly RegistryLogin[];
  /** PEM certificates to trust, all of them. Default: those of the machine. */
  readonly certificates?: string;
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
  const { bundle, older, config, logins, certificates, environment, onReport, onProgress } = options;
  return runLocally({
    script: 'load.sh',
    files: {
      'load.sh': LOAD_SCRIPT,
      ...(logins.length > 0 && { 'auth.json': renderDockerConfig(logins) }),
      ...(certificates && { 'ca.crt': certificates }),
    },
    args: () => [bundle, ...older],
    env: (directory) => ({
      ...(config?.mirror && { ESS_AIRGAP_INSECURE: config.mirror.insecure.join(' ') }),
      ...(logins.length > 0 && { REGISTRY_AUTH_FILE: `${directory}/auth.json` }),
      ...(certificates && { SSL_CERT_FILE: `${directory}/ca.crt` }),
    }),
    environment,
    onReport,
    onProgress,
  });
}
