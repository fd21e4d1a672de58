import type { Config } from '../config/schema.ts';
import { type RegistryLogin, renderDockerConfig } from '../credentials/docker-config.ts';
import type { Environment } from '../input/environment.ts';
import { runLocally } from '../mirror/local-run.ts';
import type { CheckedBundle } from './check-bundle.ts';
import type { OpenBundle } from './open-bundle.ts';
import { LOAD_CHECKED_SCRIPT } from './script.ts';

export interface LocalLoadOptions {
  readonly bundle: OpenBundle;
  /** What was verified of it, and is pushed. */
  readonly checked: CheckedBundle;
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

const SCRIPT_NAME = 'load-checked.sh';

/**
 * Pushes a bundle that has been verified, with a script of our own: nothing that came on the medium is run. The manifests
 * are pushed from the bytes that were verified. Blobs are read from the medium again; skopeo compares them with their
 * digests while it pushes them.
 *
 * @returns the script's exit code
 * @throws InputError if skopeo is missing
 */
export function loadLocally(options: LocalLoadOptions): Promise<number> {
  const { bundle, checked, config, logins, certificates, environment, onReport, onProgress } = options;
  const manifests = [...checked.manifests].map(([hex, bytes]) => [`manifests/${hex}`, bytes]);
  const blobs = [...checked.blobs].map(([hex, paths]) => [
    `checked/${hex}`,
    paths.map((path) => `${path}\n`).join(''),
  ]);
  return runLocally({
    script: SCRIPT_NAME,
    files: {
      [SCRIPT_NAME]: LOAD_CHECKED_SCRIPT,
      'load.plan': bundle.bytes,
      ...Object.fromEntries([...manifests, ...blobs]),
      ...(logins.length > 0 && { 'auth.json': renderDockerConfig(logins) }),
      ...(certificates && { 'ca.crt': certificates }),
    },
    args: (directory) => [directory],
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
