import type { Config } from '../config/schema.ts';
import { type ContainerImage, containerName } from '../digests/container-image.ts';
import { type GlobBudget, globMatcher } from '../input/glob.ts';
import type { Treatment } from './model.ts';

type Matcher = (image: ContainerImage) => boolean;

/** Which containers `exclude` and `copyOnly` select: components, or component/container, by glob. */
export class Selection {
  readonly #matchers: Readonly<Record<'exclude' | 'copyOnly', readonly Matcher[]>>;

  constructor({ exclude, copyOnly }: Config, budget: GlobBudget) {
    const matcherOf = (glob: string): Matcher => {
      const matches = globMatcher(glob, budget);
      return (image) => matches(image.component) || matches(containerName(image));
    };
    this.#matchers = { exclude: exclude.map(matcherOf), copyOnly: copyOnly.map(matcherOf) };
  }

  /**
   * What the plan does with a container. Exclude wins over copyOnly; a finding reports both. What no container runs is
   * only copied.
   */
  treatmentOf(image: ContainerImage): Treatment {
    if (this.#matchers.exclude.some((matches) => matches(image))) return 'exclude';
    if (image.role) return 'copyOnly';
    return this.#matchers.copyOnly.some((matches) => matches(image)) ? 'copyOnly' : 'override';
  }

  /** The images that one entry selects. */
  selectedBy(
    key: 'exclude' | 'copyOnly',
    index: number,
    images: readonly ContainerImage[],
  ): readonly ContainerImage[] {
    const matches = this.#matchers[key][index];
    return matches ? images.filter(matches) : [];
  }
}
