import { App, Testing } from 'cdk8s';
import { parseRelease } from '../../lib/digests/read.ts';
import {
  type ConfigInput,
  defineConfig,
  type Environment,
  EssAirgap,
  InputError,
  makePlan,
} from '../../lib/index.ts';

/** A synthesised object, as far as tests look into it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  readonly data?: Record<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into specs of many kinds
  readonly spec?: any;
}

/** The objects of every chart, by the chart's id, for a digests file and a configuration. */
export function synthesize(
  digests: string,
  input: ConfigInput,
  environment: Environment = {},
): Record<string, Manifest[]> {
  const config = defineConfig(input);
  const { images, ...known } = parseRelease(digests, 'images_digests.yml');
  const plan = makePlan(images, config, undefined, known);
  const app = new App();
  const problems = new EssAirgap(app, 'ess', { config, plan, environment }).problems();
  if (problems.length > 0) throw new InputError(problems);
  return Object.fromEntries(app.charts.map((chart) => [chart.node.id, Testing.synth(chart) as Manifest[]]));
}

/** The one object of a kind. */
export function only(manifests: readonly Manifest[], kind: string): Manifest {
  const found = manifests.filter((manifest) => manifest.kind === kind);
  if (found.length !== 1 || !found[0]) throw new Error(`expected one ${kind}, found ${found.length}`);
  return found[0];
}
