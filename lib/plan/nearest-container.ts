import { type ContainerImage, containerName } from '../digests/container-image.ts';
import { nearest } from '../input/nearest.ts';

/**
 * Returns the components or containers of a release that a name was probably meant to be, as the end of "Did you mean
 * …": a component by itself means its containers where a container is expected, and the other way round.
 *
 * @param expected what the name stands for: a container, or either
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
