import { type ContainerImage, containerName } from '../digests/container-image.ts';
import { nearest } from '../input/nearest.ts';

/**
 * Returns the components or containers that a name is probably a misspelling of, as the end of "Did you mean …". If a
 * container is expected, a component suggests its containers, and the other way round.
 *
 * @param expected what the name refers to: a container, or either
 */
export function nearestContainer(
  name: string,
  images: readonly ContainerImage[],
  expected: 'container' | 'any',
): string | undefined {
  const of = (same: (image: ContainerImage) => boolean): string[] => images.filter(same).map(containerName);
  const inComponent = expected === 'container' ? of(({ component }) => component === name) : [];
  const called = of(({ container }) => container === name);
  const likely = inComponent.length > 0 ? inComponent : called;
  if (likely.length > 0) return likely.slice(0, 3).join(' or ');
  const components = expected === 'any' ? images.map(({ component }) => component) : [];
  return nearest(name, [...components, ...images.map(containerName)]);
}
