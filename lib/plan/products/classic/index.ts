import { containerName } from '../../../digests/container-image.ts';
import type { Checked } from '../../checks/checked.ts';
import { type Finding, finding } from '../../finding.ts';
import type { Product } from '../product.ts';
import { renderOverrides } from './override.ts';
import { wiringOf } from './wiring.ts';
import { wiringText } from './wiring-text.ts';

/** The installer with its ElementDeployment, which reads the override from a ConfigMap. */
export const classic: Product = {
  overrideName: 'the ConfigMap',
  renderOverride: ({ overrides }) => renderOverrides(overrides),
  configMapKey: 'images_digests',
  configMapLabels: {},
  hasConfigMap: () => true,
  fileName: () => undefined,
  valueLists: () => [],
  nameOf: containerName,
  wiringText: (plan, config, helm) => wiringText(wiringOf(plan, config, helm)),
  lastStep: (_, { configMap, pullSecret, registry }) => [
    `In the ElementDeployment: spec.global.config.imagesDigestsConfigMap: ${configMap.name}`,
    ...(pullSecret
      ? [
          `and spec.global.k8s.workloads.dockerSecrets: [{ name: ${pullSecret.name}, url: ${registry.server} }]`,
        ]
      : []),
  ],
  check,
};

function check({ config, place }: Checked): Finding[] {
  if (!config.helm) return [];
  return [
    finding('helm-unused', {
      place: place?.('helm'),
      message: 'helm has no effect: the digests file is that of a release of the installer',
      hint: 'Remove it, or name the digests file that ess-airgap lock wrote for the chart.',
    }),
  ];
}
