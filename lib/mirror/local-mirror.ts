import type { Config } from '../config/schema.ts';
import { type RegistryLogin, renderDockerConfig } from '../credentials/docker-config.ts';
import type { Environment } from '../input/environment.ts';
import type { Plan } from '../plan/model.ts';
import { runLocally } from './local-run.ts';
import { referrersFiles } from './plan-artifacts.ts';
import { type Layers, renderPlanFiles } from './plan-file.ts';
import { SCRIPT, SCRIPT_NAME } from './script.ts';

export interface LocalMirrorOptions {
  readonly plan: Plan;
  readonly config: Config;
  /** The logins that the environment gives; what has none is left to what skopeo finds itself. */
  readonly logins: readonly RegistryLogin[];
  /** PEM certificates to trust, all of them. Default: those of the machine. */
  readonly certificates?: string;
  readonly environment: Environment;
  /** What the images consist of, for a progress in bytes. Default: not known. */
  readonly layers?: Layers;
  /** How often a line of progress comes, in seconds. Default: 30, or ESS_AIRGAP_PROGRESS_SECONDS of the environment. */
  readonly progressSeconds?: number;
  readonly onReport: (line: string) => void;
  readonly onProgress: (line: string) => void;
}

/**
 * Runs the mirror.sh of the Job on this machine.
 *
 * @returns its exit code
 * @throws InputError where skopeo is missing
 */
export function mirrorLocally(options: LocalMirrorOptions): Promise<number> {
  const { plan, config, logins, certificates, environment, layers, progressSeconds } = options;
  const { onReport, onProgress } = options;
  const auth = logins.map(({ server }, index) => ({ server, folder: `auth-${index}` }));
  const [planFile = ''] = renderPlanFiles(plan, auth, Number.POSITIVE_INFINITY, layers);
  const lists = referrersFiles(plan.relocations, plan.referrersApi).map(({ path, text }) => [path, text]);
  const configs = logins.map((login, index) => [
    `auth/auth-${index}/config.json`,
    renderDockerConfig([login]),
  ]);
  return runLocally({
    script: SCRIPT_NAME,
    files: {
      ...SCRIPT,
      'images.plan': planFile,
      ...Object.fromEntries([...lists, ...configs]),
      ...(certificates && { 'ca.crt': certificates }),
    },
    args: (directory) => [`${directory}/images.plan`],
    env: (directory) => ({
      ESS_AIRGAP_AUTH_DIR: `${directory}/auth`,
      ESS_AIRGAP_INSECURE: config.mirror?.insecure.join(' '),
      ...(config.mirror && { ESS_AIRGAP_PARALLEL: String(config.mirror.parallel) }),
      ...(progressSeconds && { ESS_AIRGAP_PROGRESS_SECONDS: String(progressSeconds) }),
      ...(certificates && { SSL_CERT_FILE: `${directory}/ca.crt` }),
    }),
    environment,
    onReport,
    onProgress,
  });
}
