import type { Product } from '../product.ts';
import { checkEssHelm } from './checks.ts';
import { valueLists } from './lists.ts';
import { renderValues } from './override.ts';

/** The Helm chart matrix-stack, which gets the override as a file of values. */
export const essHelm: Product = {
  renderOverride: renderValues,
  configMapKey: 'values.yaml',
  // Flux reads values from a ConfigMap; everything else reads the file.
  hasConfigMap: ({ gitops }) => gitops === 'flux',
  // Whatever reads manifests from a folder takes every .yaml, .yml and .json for one.
  fileName: ({ name }) => `${name ? `${name}-` : ''}ess-images.values`,
  valueLists,
  nameOf: ({ component, container }) => `${component}.${container}`,
  check: checkEssHelm,
};
