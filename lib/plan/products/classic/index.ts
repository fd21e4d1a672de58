import { count } from '../../../common/text.ts';
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

/** The product line of the installer with its ElementDeployment, which reads the override from a ConfigMap. */
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
      message: 'helm has no effect: the digests file is from a release of the installer, not of ESS Helm',
      hint: 'Remove helm, or set digests to the file that the command lock wrote for the chart.',
    }),
  ];
}

/** Returns the steps that connect ESS to the override. */
function wire(
  { copyOnly, excluded }: Plan,
  { configMap, pullSecret, registry }: Config,
  { config }: Made,
): Step {
  const option = config ? ` --config ${config}` : '';
  const elsewhere = copyOnly.length + excluded.length;
  return [
    { text: `In the ElementDeployment, set spec.global.config.imagesDigestsConfigMap: ${configMap.name}` },
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
            text: `Configure ${count(elsewhere, 'container')} that the ConfigMap does not list: see ess-airgap wiring${option}.`,
          },
        ]
      : []),
  ];
}
