import type { ContainerImage } from '../../digests/container-image.ts';
import { type Finding, finding } from '../finding.ts';
import type { Checked } from './checked.ts';

/** An excluded container runs from the internet unless somebody else takes care of it. */
export function checkExcluded({ excluded, resolved }: Checked): Finding[] {
  const kept = new Set(resolved.map(({ image }) => image.component));
  const byComponent = new Map<string, ContainerImage[]>();
  for (const image of excluded)
    byComponent.set(image.component, [...(byComponent.get(image.component) ?? []), image]);
  return [...byComponent].map(([component, images]) => {
    const servers = [...new Set(images.map(({ image }) => image.registry))].join(', ');
    const place = images[0]?.place;
    const hint = 'Right if you do not deploy it or if it is configured elsewhere; else do not exclude it.';
    if (!kept.has(component)) {
      const message = `${component} is excluded: it would run from ${servers}`;
      return finding('component-excluded', { place, message, hint });
    }
    const names = images.map(({ container }) => container).join(', ');
    const message = `${component} is overridden, but not its ${names}: that would run from ${servers}`;
    return finding('component-partly-excluded', { place, message, hint });
  });
}
