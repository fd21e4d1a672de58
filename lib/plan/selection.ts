import type { Config } from '../config/schema.ts';
import { type ContainerImage, containerName } from '../digests/container-image.ts';
import { globMatcher } from './glob.ts';
import type { Treatment } from './model.ts';

/** Returns whether a glob of `exclude` or `copyOnly` matches a container: its component, or component/container. */
export function containerMatcher(glob: string): (image: ContainerImage) => boolean {
  const matches = globMatcher(glob);
  return (image) => matches(image.component) || matches(containerName(image));
}

/** Returns what a configuration does with each container. Exclude wins over copyOnly; a finding reports both. */
export function treatmentBy({ exclude, copyOnly }: Config): (image: ContainerImage) => Treatment {
  const excludes = exclude.map(containerMatcher);
  const copies = copyOnly.map(containerMatcher);
  return (image) => {
    if (excludes.some((matches) => matches(image))) return 'exclude';
    return copies.some((matches) => matches(image)) ? 'copyOnly' : 'override';
  };
}
