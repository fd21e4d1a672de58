import { ApiObject, type Chart } from 'cdk8s';
import type { Config } from '../config/schema.ts';
import { type Finding, finding } from '../plan/finding.ts';

/** A configuration and the charts that were made of it. */
export interface Deployment {
  readonly config: Config;
  readonly charts: readonly Chart[];
}

/**
 * Finds the objects that two deployments of one cluster both make: the one that is applied last would replace the
 * other's.
 *
 * @returns one error for each of the earlier deployments that has objects in common with this one
 */
export function findCollisions(deployment: Deployment, earlier: readonly Deployment[]): Finding[] {
  const names = objectNames(deployment);
  return earlier.flatMap((other) => {
    if (other.config.cluster !== deployment.config.cluster) return [];
    const taken = new Set(objectNames(other));
    const both = names.filter((name) => taken.has(name));
    if (both.length === 0) return [];
    return finding('deployment-collision', {
      message: `${called(other)} and ${called(deployment)} would both create ${both.join(', ')}`,
      hint: 'Change namespace, mirror.namespace or a name. If they are for different clusters, set cluster in each.',
    });
  });
}

function called({ config }: Deployment): string {
  return config.name ? `the deployment ${config.name}` : 'the deployment without a name';
}

function objectNames({ charts }: Deployment): string[] {
  const objects = charts.flatMap((chart) => chart.node.findAll()).filter((it) => it instanceof ApiObject);
  return objects.map((object) => {
    const { namespace, name } = object.toJson().metadata;
    return `${object.kind} ${namespace ? `${namespace}/` : ''}${name}`;
  });
}
