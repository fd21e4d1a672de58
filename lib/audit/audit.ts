import type { Config } from '../config/schema.ts';
import { containerName } from '../digests/container-image.ts';
import type { Plan } from '../plan/model.ts';
import { type AuditedContainer, ImageAudit, isAsPlanned } from './containers.ts';
import { type KubernetesObject, namespaceOf } from './objects.ts';
import { auditWiring, type WiringCheck } from './wiring.ts';

/** What runs, compared with a plan. */
export interface Audit {
  readonly namespaces: readonly string[];
  readonly containers: readonly AuditedContainer[];
  /** `component/container` of the plan that none of the objects runs. */
  readonly notSeen: readonly string[];
  readonly wiring: readonly WiringCheck[];
  /** Whether everything that was looked at is as planned. What was not seen is no fault. */
  readonly asPlanned: boolean;
}

export interface AuditOptions {
  /** Namespaces to look at beside that of the deployment: those of the operator and the updater. */
  readonly namespaces?: readonly string[];
  /** The plan of the release before. */
  readonly previous?: Plan;
}

/**
 * Compares the objects of a cluster, or rendered manifests, with a plan.
 *
 * @param objects pods and workloads for the images; ElementDeployment, ConfigMaps and Secrets for the wiring
 */
export function auditObjects(
  objects: readonly KubernetesObject[],
  plan: Plan,
  config: Config,
  { namespaces = [], previous }: AuditOptions = {},
): Audit {
  const wanted = new Set([config.namespace, ...namespaces]);
  const images = new ImageAudit(plan, config, previous);
  const containers = objects
    // Rendered manifests often name no namespace.
    .filter((object) => wanted.has(namespaceOf(object) ?? config.namespace))
    .flatMap((object) => images.containers(object));
  const seen = new Set(containers.flatMap(({ plannedFor }) => plannedFor));
  const wiring = auditWiring(objects, plan, config);
  return {
    namespaces: [...wanted],
    containers,
    notSeen: [...plan.overrides, ...plan.copyOnly].map(containerName).filter((name) => !seen.has(name)),
    wiring,
    asPlanned: containers.every(isAsPlanned) && wiring.every(({ ok }) => ok),
  };
}
