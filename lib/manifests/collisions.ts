import { ApiObject, type Chart } from 'cdk8s';
import type { Config } from '../config/schema.ts';
import { finding, refuseErrors } from '../plan/finding.ts';

/** A configuration and the charts that were made of it. */
export interface Deployment {
  readonly config: Config;
  readonly charts: readonly Chart[];
}

/**
 * Refuses deployments of one cluster that make the same object: what is applied last would replace the other's.
 *
 * @throws InputError that names the objects of each pair
 */
export function refuseCollisions(deployments: readonly Deployment[]): void {
  const findings = deployments.flatMap((deployment, index) =>
    deployments.slice(0, index).flatMap((earlier) => {
      if (earlier.config.cluster !== deployment.config.cluster) return [];
      const taken = new Set(objectNames(earlier));
      const both = objectNames(deployment).filter((name) => taken.has(name));
      if (both.length === 0) return [];
      return finding('deployment-collision', {
        message: `${called(earlier)} and ${called(deployment)} would both make ${both.join(', ')}`,
        hint: 'Change namespace, mirror.namespace or a name. If they are for different clusters, say so: cluster in each.',
      });
    }),
  );
  refuseErrors(findings);
}

function called({ config }: Deployment): string {
  return config.name ? `the deployment ${config.name}` : 'the deployment without a name';
}

function objectNames({ charts }: Deployment): string[] {
  const objects = charts.flatMap((chart) => chart.node.findAll()).filter((it) => it instanceof ApiObject);
  return objects.map(
    ({ kind, metadata }) => `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name}`,
  );
}
