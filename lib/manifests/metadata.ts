import type { ApiObjectMetadata } from 'cdk8s';
import type { Plan } from '../plan/model.ts';

/** What the constructs of this library have in common. */
export interface PartProps {
  /**
   * Namespace of the objects.
   * @default - the namespace of the chart
   */
  readonly namespace?: string;
  /**
   * Name of the deployment that the objects are for, as their label `app.kubernetes.io/instance`. Several deployments
   * in one cluster are told apart by it.
   * @default - no such label
   */
  readonly instance?: string;
}

/** The label that tells deployments apart. */
export const INSTANCE_LABEL = 'app.kubernetes.io/instance';

/** The recommended labels of Kubernetes. */
export function labels(component: string, instance?: string): Record<string, string> {
  return {
    'app.kubernetes.io/name': 'ess-airgap',
    'app.kubernetes.io/component': component,
    'app.kubernetes.io/part-of': 'element-server-suite',
    'app.kubernetes.io/managed-by': 'ess-airgap',
    ...(instance !== undefined && { [INSTANCE_LABEL]: instance }),
  };
}

/** Name, namespace and labels: what every object carries. */
export function metadata(
  component: string,
  name: string,
  { namespace, instance }: PartProps = {},
): ApiObjectMetadata {
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    labels: labels(component, instance),
  };
}

/** Annotation of the objects that a change of the plan changes: the hash of the plan that they were rendered from. */
export function planAnnotation({ hash }: Pick<Plan, 'hash'>): Record<string, string> {
  return { 'ess-airgap/plan-hash': hash };
}
