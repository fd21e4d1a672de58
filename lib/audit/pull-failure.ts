import type { Config } from '../config/schema.ts';
import { printable } from '../input/quote.ts';
import { field } from '../validation/manifest.ts';

/** Why a node cannot pull an image, and what to do. */
export interface PullFailure {
  /** As the kubelet names it: `ImagePullBackOff`. */
  readonly reason: string;
  /** What the container runtime said, cut. */
  readonly message: string;
  readonly hint: string;
}

const REASONS = [
  'ImagePullBackOff',
  'ErrImagePull',
  'InvalidImageName',
  'ErrImageNeverPull',
  'RegistryUnavailable',
];
const LONGEST_MESSAGE = 300;

/** Reads the status of a container; undefined unless it waits for its image. */
export function pullFailureOf(status: unknown, config: Config): PullFailure | undefined {
  const reason = field(status, 'state', 'waiting', 'reason');
  if (typeof reason !== 'string' || !REASONS.includes(reason)) return undefined;
  const said = field(status, 'state', 'waiting', 'message');
  const message = printable(typeof said === 'string' ? said : '').slice(0, LONGEST_MESSAGE);
  return { reason, message, hint: hintFor(message, config) };
}

/** The words of containerd and CRI-O, and of the registries behind them. */
function hintFor(message: string, { namespace, pullSecret, registry }: Config): string {
  if (/not found|manifest unknown|name unknown/i.test(message))
    return 'The registry does not have the image: run ess-airgap verify, then ess-airgap mirror or the Job.';
  if (/unauthorized|authentication required|denied|forbidden|no basic auth/i.test(message))
    return pullSecret
      ? `The pull Secret is missing or wrong: check ${namespace}/${pullSecret.name} and dockerSecrets with the url ${registry.server}; ess-airgap wiring prints both.`
      : `The registry needs a login, but airgap.yaml has no pullSecret for ${registry.server}.`;
  if (/x509|certificate/i.test(message))
    return `The node does not trust the certificate of ${registry.server}: add its CA to the container runtime of each node.`;
  if (
    /no such host|server misbehaving|i\/o timeout|connection refused|deadline exceeded|no route/i.test(
      message,
    )
  )
    return 'The node cannot reach the registry of this image. If that is an upstream registry, the container is not overridden.';
  if (/server gave HTTP response/i.test(message))
    return `${registry.server} speaks plain HTTP: configure it as insecure in the container runtime of each node.`;
  return `To see the events, run kubectl describe pod in the namespace ${namespace}.`;
}
