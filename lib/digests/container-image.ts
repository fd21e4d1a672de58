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
  /** The digest is the one that the tag had when `ess-airgap lock` ran; left out if the release itself names it. */
  readonly digestFromTag?: true;
  /** The user's Helm values switch the container off; left out if it is on, or if nothing says so. */
  readonly enabled?: false;
  /** The image is named inside a list of the user's Helm values, which an override cannot change. */
  readonly inline?: true;
  /** Not a container: the chart itself, or an entry of `extra`. Its image is copied, and nothing is overridden. */
  readonly role?: 'chart' | 'extra';
  /** An OCI artifact that is no image: it is copied whole, whatever platforms are chosen. */
  readonly artifact?: true;
  /** Where the container's key stands in the digests file. */
  readonly place?: Place;
}

/** By component, then container, in code unit order: the same on every machine. */
export function byContainer(a: ContainerName, b: ContainerName): number {
  if (a.component !== b.component) return a.component < b.component ? -1 : 1;
  if (a.container !== b.container) return a.container < b.container ? -1 : 1;
  return 0;
}

/** `component/container`, as the configuration and every message name a container. */
export function containerName(of: ContainerName): string {
  return `${of.component}/${of.container}`;
}
