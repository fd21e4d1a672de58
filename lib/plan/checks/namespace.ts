import { type Finding, finding } from '../finding.ts';
import type { Checked } from './checked.ts';

/** Checks that namespace is set: ESS reads the ConfigMap and the pull Secret only in its own namespace. */
export function checkNamespace({ config, place }: Checked): Finding[] {
  if (!place || place.has('namespace')) return [];
  return [
    finding('namespace-default', {
      place: place(),
      message: `namespace is not set: ${config.pullSecret ? 'the ConfigMap and the pull Secret go' : 'the ConfigMap goes'} to ${config.namespace}`,
      hint: 'ESS reads them only in the namespace of the ElementDeployment. Set namespace, even if it is this one. To print it:',
      command: 'kubectl get elementdeployments --all-namespaces',
    }),
  ];
}
