import type { Product } from '../product.ts';
import { checkEssHelm } from './checks.ts';
import { valueLists } from './lists.ts';
import { fileName, renderValues } from './override.ts';
import { configMapName, helmCommand, wiringText, wiringValue } from './wiring.ts';

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
  lastSteps: (plan, config, { values = `dist/${fileName(config)}` }) => [
    [
      {
        text: `Install or upgrade ESS with the override as the last file of values. Hooks of the chart pull images at once${config.pullSecret ? `, so the Secret ${config.pullSecret.name} must be in the namespace ${config.namespace} first` : ''}:`,
        commands: helmCommand(plan, config, values),
      },
    ],
  ],
  check: checkEssHelm,
};
