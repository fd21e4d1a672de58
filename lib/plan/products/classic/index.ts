import type { Config } from '../../../config/schema.ts';
import { containerName } from '../../../digests/container-image.ts';
import type { Checked } from '../../checks/checked.ts';
import { type Finding, finding } from '../../finding.ts';
import type { Plan } from '../../model.ts';
import type { Step } from '../../steps.ts';
import type { Made, Product } from '../product.ts';
import { renderOverrides } from './override.ts';
import { wiringOf } from './wiring.ts';
import { wiringText, wiringValue } from './wiring-text.ts';

/** The installer with its ElementDeployment, which reads the override from a ConfigMap. */
export const classic: Product = {
  overrideName: 'the ConfigMap',
  renderOverride: ({ overrides }) => renderOverrides(overrides),
  configMapKey: 'images_digests',
  configMapName: (_, { configMap }) => configMap.name,
  configMapLabels: {},
  hasConfigMap: () => true,
  fileName: () => undefined,
  valueLists: () => [],
  nameOf: containerName,
  wiring: (plan, config, helm) => {
    const wiring = wiringOf(plan, config, helm);
    return { text: wiringText(wiring), value: wiringValue(wiring) };
  },
  lastSteps: (plan, config, made) => [wire(plan, config, made), [{ text: 'Install or upgrade ESS.' }]],
  check,
};

function check({ config, place }: Checked): Finding[] {
  if (!config.helm) return [];
  return [
    finding('helm-unused', {
      place: place?.('helm'),
      message: 'helm has no effect: the digests file is that of a release of the installer',
      hint: 'Remove it, or name the digests file that the command lock wrote for the chart.',
    }),
  ];
}

/** Where ESS has to be told. */
function wire(
  { copyOnly, excluded }: Plan,
  { configMap, pullSecret, registry }: Config,
  { config }: Made,
): Step {
  const option = config ? ` --config ${config}` : '';
  const elsewhere = copyOnly.length + excluded.length;
  return [
    { text: `In the ElementDeployment: spec.global.config.imagesDigestsConfigMap: ${configMap.name}` },
    ...(pullSecret
      ? [
          {
            text: `and spec.global.k8s.workloads.dockerSecrets: [{ name: ${pullSecret.name}, url: ${registry.server} }]`,
          },
        ]
      : []),
    ...(elsewhere > 0
      ? [
          {
            text: `The ConfigMap leaves ${elsewhere} ${elsewhere === 1 ? 'container' : 'containers'} alone: see ess-airgap wiring${option}.`,
          },
        ]
      : []),
  ];
}
