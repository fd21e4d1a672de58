import { ApiObject } from 'cdk8s';
import type { IConstruct } from 'constructs';
import type { Config } from '../config/schema.ts';

/**
 * Gives every object below a construct the annotations that the tool needs which applies it; docs/explanation/gitops.md
 * has the reasons. Pod templates stay as they are, and with them the name of the Job.
 */
export function annotateForGitops(scope: IConstruct, gitops: Config['gitops']): void {
  for (const object of scope.node.findAll()) {
    if (!(object instanceof ApiObject)) continue;
    if (gitops === 'argocd') object.metadata.addAnnotation('argocd.argoproj.io/sync-wave', waveOf(object));
    // Scripts have ${…} of their own, and nothing of ours is to be filled in.
    if (gitops === 'flux')
      object.metadata.addAnnotation('kustomize.toolkit.fluxcd.io/substitute', 'disabled');
  }
}

/**
 * Argo CD begins a wave when all of the wave before is healthy, a Job when it is complete: the deployment hears of
 * new images when the registry has them all.
 */
function waveOf(object: ApiObject): string {
  if (object.kind === 'Namespace') return '-2';
  if (object.kind === 'Job') return '0';
  const component = object.metadata.getLabel('app.kubernetes.io/component');
  // The policy refuses what the override does not name, so both come when the images are there.
  if (component === 'guard') return '1';
  return object.kind === 'ConfigMap' && component === 'images' ? '1' : '-1';
}
