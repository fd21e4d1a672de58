import type { ImageReference } from '../image/reference.ts';
import type { Place } from '../input/problem.ts';

/** The two keys that name a container. */
type ContainerName = Pick<ContainerImage, 'component' | 'container'>;

/** One container of the digests file and the image that the release runs in it. */
export interface ContainerImage {
  /** The key of the first level: `element_web`. */
  readonly component: string;
  /** The key of the second level: `haproxy`. */
  readonly container: string;
  readonly image: ImageReference;
  /** True if `ess-airgap lock` found the digest by the tag; left out if the release itself has it. */
  readonly digestFromTag?: true;
  /** False if the user's Helm values switch the container off; otherwise left out. */
  readonly enabled?: false;
  /** True if a list of the user's Helm values names the image; an override cannot change lists. */
  readonly inline?: true;
  /**
   * True if this is not a container: the chart itself, or an entry of `extra`. Its image is copied but not
   * overridden.
   */
  readonly role?: 'chart' | 'extra';
  /** True for an OCI artifact that is not an image: it is copied as a whole, whatever platforms are selected. */
  readonly artifact?: true;
  /** Place of the container's key in the digests file. */
  readonly place?: Place;
}

/** Compares by component, then container, in code unit order, which is the same on every machine. */
export function byContainer(a: ContainerName, b: ContainerName): number {
  if (a.component !== b.component) return a.component < b.component ? -1 : 1;
  if (a.container !== b.container) return a.container < b.container ? -1 : 1;
  return 0;
}

/** Returns `component/container`, the name in the configuration and in messages. */
export function containerName(of: ContainerName): string {
  return `${of.component}/${of.container}`;
}
