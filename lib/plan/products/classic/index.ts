import { containerName } from '../../../digests/container-image.ts';
import type { Checked } from '../../checks/checked.ts';
import { type Finding, finding } from '../../finding.ts';
import type { Product } from '../product.ts';
import { renderOverrides } from './override.ts';

/** The installer with its ElementDeployment, which reads the override from a ConfigMap. */
export const classic: Product = {
  renderOverride: ({ overrides }) => renderOverrides(overrides),
  configMapKey: 'images_digests',
  hasConfigMap: () => true,
  fileName: () => undefined,
  valueLists: () => [],
  nameOf: containerName,
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
