import type { Product } from '../product.ts';
import { checkEssHelm } from './checks.ts';
import { valueLists } from './lists.ts';
import { fileName, renderValues } from './override.ts';
import { lastSteps } from './steps.ts';
import { configMapName, wiringText, wiringValue } from './wiring.ts';

/** The Helm chart matrix-stack, which gets the override as a file of values. */
export const essHelm: Product = {
  overrideName: 'the override file',
  renderOverride: renderValues,
  configMapKey: 'values.yaml',
  configMapName,
  // Flux 2.7 and later reads the values again when they change, and not only when its interval is over.
  configMapLabels: { 'reconcile.fluxcd.io/watch': 'Enabled' },
  // Flux reads values from a ConfigMap; everything else reads the file.
  hasConfigMap: ({ gitops }) => gitops === 'flux',
  fileName,
  valueLists,
  nameOf: ({ component, container }) => `${component}.${container}`,
  wiring: (plan, config, helm) => ({
    text: wiringText(plan, config, helm),
    value: wiringValue(plan, config),
  }),
  lastSteps,
  check: checkEssHelm,
};
