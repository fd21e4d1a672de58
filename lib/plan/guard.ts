import type { Config } from '../config/schema.ts';
import type { Guard, Override, Plan } from './model.ts';

/**
 * Returns what the admission policy admits: the images of a plan as pods name them, those of the previous release,
 * and prefixes of other images.
 *
 * @param previous the plan of the previous release, whose pods may still run
 * @returns undefined if the configuration has no guard
 */
export function guardOf(
  plan: Pick<Plan, 'overrides' | 'copyOnly'>,
  { guard, registry }: Config,
  previous?: Pick<Plan, 'overrides' | 'copyOnly'>,
): Guard | undefined {
  if (guard.mode === 'off') return undefined;
  const folder = `${[registry.server, registry.path].filter(Boolean).join('/')}/`;
  const prefixes = [
    ...(guard.covers === 'registry' ? [folder] : []),
    ...guard.allow.filter((entry) => entry.endsWith('*')).map((entry) => entry.slice(0, -1)),
  ];
  const isCovered = (image: string): boolean => prefixes.some((prefix) => image.startsWith(prefix));
  const exact = (images: readonly string[]): string[] =>
    [...new Set(images)].filter((image) => !isCovered(image)).sort();
  const images = exact([...plannedImages(plan), ...guard.allow.filter((entry) => !entry.endsWith('*'))]);
  const older = exact(previous ? plannedImages(previous) : []).filter((image) => !images.includes(image));
  return { images, previous: older, prefixes: [...new Set(prefixes)].sort() };
}

/** Returns the images of a plan as pods name them. */
export function plannedImages({ overrides, copyOnly }: Pick<Plan, 'overrides' | 'copyOnly'>): string[] {
  // Images that are configured elsewhere may also be written with tag and digest.
  return [...overrides.map(runsAs), ...copyOnly.flatMap((image) => [runsAs(image), withTag(image)])];
}

/** Returns the image of a container as ESS writes it to the pod. */
export function runsAs({ server, repository, tag, digest }: Override): string {
  return digest ? `${server}/${repository}@${digest}` : `${server}/${repository}:${tag}`;
}

function withTag({ server, repository, tag, digest }: Override): string {
  return `${server}/${repository}:${tag}${digest && `@${digest}`}`;
}
