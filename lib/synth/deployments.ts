import { App } from 'cdk8s';
import { EssAirgap } from '../ess-airgap.ts';
import { describeSynthesis } from './run.ts';
import { type SynthesizeOptions, synthesizeApp } from './synthesize.ts';

/**
 * Writes the manifests of some configurations, without an app of the user's own.
 *
 * @param folder the output folder; default: as cdk8s, `CDK8S_OUTDIR` or `dist`
 * @returns what was made and what comes next; in a check, what would change
 * @throws InputError with every problem; then the folder is as it was
 */
export function synthesizeDeployments(
  configs: readonly string[],
  folder: string | undefined,
  options: Pick<SynthesizeOptions, 'check'>,
): string {
  const app = new App({ outdir: folder });
  for (const config of configs) new EssAirgap(app, config, { config });
  return describeSynthesis(app, synthesizeApp(app, options), options);
}
