import type { ApiObjectMetadata } from 'cdk8s';
import type { Plan } from '../plan/model.ts';

/** Annotation on every object: the plan that it was rendered from. */
const PLAN_HASH = 'ess-airgap/plan-hash';

/** The recommended labels of Kubernetes; `instance` is left to the tool that deploys (Argo CD owns it). */
export function labels(component: string): Record<string, string> {
  return {
    'app.kubernetes.io/name': 'ess-airgap',
    'app.kubernetes.io/component': component,
    'app.kubernetes.io/part-of': 'element-server-suite',
    'app.kubernetes.io/managed-by': 'ess-airgap',
  };
}

/** Name, namespace, labels and the hash of the plan: what every object of ours carries. */
export function metadata(plan: Plan, component: string, name: string, namespace?: string): ApiObjectMetadata {
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    labels: labels(component),
    annotations: { [PLAN_HASH]: plan.hash },
  };
}
