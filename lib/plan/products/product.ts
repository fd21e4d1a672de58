import type { YamlMap } from '../../common/yaml.ts';
import type { Config } from '../../config/schema.ts';
import type { ContainerImage } from '../../digests/container-image.ts';
import type { ReleaseInfo } from '../../digests/release.ts';
import type { Check } from '../checks/checked.ts';
import type { Override, Plan, ReleaseContext, UncheckedPlan, ValueList } from '../model.ts';
import type { Step } from '../steps.ts';

/** What to enter where. */
export interface Wiring {
  /** For a person. */
  readonly text: string;
  /** For a program. */
  readonly value: YamlMap;
}

/** What a synth made, as far as the last steps name it. */
export interface Made {
  /** The path of the override as a file; undefined if there is none. */
  readonly values?: string;
  /** The path of the configuration, if commands have to name it. */
  readonly config?: string;
}

/** What tells a deployment of one product line to run the images of a plan. */
export interface Product {
  /** What the override is, as the subject of a sentence: `the ConfigMap`. */
  readonly overrideName: string;
  /** The text of the override. */
  renderOverride(plan: UncheckedPlan): string;
  /** The key of a ConfigMap that holds that text. */
  readonly configMapKey: string;
  /** The name of that ConfigMap. */
  configMapName(info: ReleaseInfo, config: Config): string;
  /** Labels that whatever reads that ConfigMap looks for. */
  readonly configMapLabels: Readonly<Record<string, string>>;
  /** Whether a ConfigMap with the override is applied to the cluster. */
  hasConfigMap(config: Config): boolean;
  /** The file beside the manifests that holds the override; undefined if only the ConfigMap does. */
  fileName(config: Config): string | undefined;
  /** Lists of the user's values that the override has to repeat. */
  valueLists(context: ReleaseContext, overrides: readonly Override[], config: Config): readonly ValueList[];
  /** How the users of this line call a container. */
  nameOf(container: Pick<ContainerImage, 'component' | 'container'>): string;
  /**
   * What to enter where, so that the deployment uses what was synthesised.
   *
   * @param helm what `ess-airgap wiring --helm` was given
   * @throws InputError if that is not what this line expects
   */
  wiring(plan: Plan, config: Config, helm: readonly string[]): Wiring;
  /** What remains to be done when the images are in the registry and the manifests are applied. */
  lastSteps(plan: Plan, config: Config, made: Made): readonly Step[];
  /** Finds what only this line can have wrong. */
  readonly check: Check;
}
