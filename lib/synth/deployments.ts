import { App } from 'cdk8s';
import { configPaths } from '../config/config-paths.ts';
import { EssAirgap } from '../ess-airgap.ts';
import type { Environment } from '../input/environment.ts';
import { InputError } from '../input/problem.ts';
import { describeSynthesis } from './run.ts';
import { type SynthesizeOptions, synthesizeApp } from './synthesize.ts';

/**
 * Adds a deployment to an app for each configuration that `ESS_AIRGAP_CONFIG` names, separated by commas, or else for
 * `airgap.yaml`. What is wrong with it is found when the app is synthesised, as with any `EssAirgap`.
 *
 * @param environment default: process.env
 */
export function addDeployments(app: App, environment: Environment = process.env): EssAirgap[] {
  try {
    return configPaths(environment).map((config) => addDeployment(app, config));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    app.node.addValidation({ validate: () => error.problems.map(({ message }) => message) });
    return [];
  }
}

/** The path is no id: the same file may be named twice, which is found as two deployments of one name. */
function addDeployment(app: App, config: string): EssAirgap {
  return new EssAirgap(app, `deployment-${EssAirgap.allOf(app).length + 1}`, { config });
}

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
  for (const config of configs) addDeployment(app, config);
  return describeSynthesis(app, synthesizeApp(app, options), options);
}
