import type { Config } from '../../../config/schema.ts';
import type { Plan } from '../../model.ts';
import type { Step } from '../../steps.ts';
import type { Made } from '../product.ts';
import { fileName } from './override.ts';
import { configMapName, helmCommand } from './wiring.ts';

/** The chart and its override change in one step; before that, its hooks would pull what is not there. */
export function lastSteps(plan: Plan, config: Config, { values, config: path }: Made): Step[] {
  const { gitops, namespace, pullSecret } = config;
  const file = values ?? `dist/${fileName(config)}`;
  const { release } = plan;
  if (release.product !== 'ess-helm') throw new Error('this is for releases of ESS Helm');
  const secret = pullSecret
    ? ` Its hooks pull images at once: the Secret ${pullSecret.name} must be in the namespace ${namespace} first.`
    : '';
  const more = {
    text: 'To see all of it:',
    commands: [`ess-airgap wiring${path ? ` --config ${path}` : ''}`],
  };
  switch (gitops) {
    case 'none':
      return [
        [
          {
            text: `Install or upgrade the chart, with the override as the last file of values.${secret}`,
            commands: helmCommand(plan, config, file),
          },
        ],
      ];
    case 'argocd':
      return [
        [
          {
            text: `In the Application of the chart: targetRevision ${release.version}, and ${file} as the last of valueFiles.${secret}`,
          },
          more,
        ],
      ];
    case 'flux':
      return [
        [
          {
            text: `In the HelmRelease: version ${release.version} of the chart, and the ConfigMap ${configMapName(release, config)} as the last of valuesFrom.${secret}`,
          },
          more,
        ],
      ];
  }
}
