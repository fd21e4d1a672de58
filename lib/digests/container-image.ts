import type { ImageReference } from '../image/reference.ts';
import type { Place } from '../input/problem.ts';

/** One container of the digests file and the image that the release runs in it. */
export interface ContainerImage {
  /** The key of the first level: `element_web`. */
  readonly component: string;
  /** The key of the second level: `haproxy`. */
  readonly container: string;
  readonly image: ImageReference;
  /** Where the container's key stands in the digests file. */
  readonly place?: Place;
}

/** `component/container`, as the configuration and every message name a container. */
export function containerName(of: { component: string; container: string }): string {
  return `${of.component}/${of.container}`;
}
