import type { Product } from '../product.ts';
import { checkEssHelm } from './checks.ts';
import { valueLists } from './lists.ts';
import { fileName, renderValues } from './override.ts';
import { helmCommand, wiringText } from './wiring.ts';

/** The Helm chart matrix-stack, which gets the override as a file of values. */
export const essHelm: Product = {
  overrideName: 'the override file',
  renderOverride: renderValues,
  configMapKey: 'values.yaml',
  // Flux 2.7 and later reads the values again when they change, and not only when its interval is over.
  configMapLabels: { 'reconcile.fluxcd.io/watch': 'Enabled' },
  // Flux reads values from a ConfigMap; everything else reads the file.
  hasConfigMap: ({ gitops }) => gitops === 'flux',
  fileName,
  valueLists,
  nameOf: ({ component, container }) => `${component}.${container}`,
  wiringText,
  lastStep: (plan, config, files) => [
    `When every image is in the registry${config.pullSecret ? ` and the Secret ${config.pullSecret.name} in namespace ${config.namespace}` : ''} (hooks of the chart pull images at once):`,
    ...helmCommand(plan, config, files.find((file) => file.endsWith('.values')) ?? 'ess-images.values'),
  ],
  check: checkEssHelm,
};
