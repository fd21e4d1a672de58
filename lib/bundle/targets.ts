import { repositoryName } from '../image/reference.ts';
import { InputError, type Problem } from '../input/problem.ts';
import type { Relocation } from '../plan/model.ts';
import type { OpenBundle } from './open-bundle.ts';

/**
 * Checks that a bundle is for one registry, and for no other.
 *
 * @param server the registry, as the targets name it
 * @param origin who says so, for the message: `airgap.yaml`
 * @throws InputError with every other registry that load.plan names
 */
export function assertServer({ file, plan }: OpenBundle, server: string, origin: string): void {
  const others = new Map<string, number>();
  for (const { target } of [...plan.images, ...plan.own]) {
    if (target.registry !== server) others.set(target.registry, (others.get(target.registry) ?? 0) + 1);
  }
  for (const { blobs } of plan.images) {
    for (const { heldBy } of blobs) {
      const registry = heldBy?.slice(0, heldBy.indexOf('/'));
      if (registry !== undefined && registry !== server) others.set(registry, others.get(registry) ?? 0);
    }
  }
  if (others.size === 0) return;
  throw new InputError([
    {
      message: `${file} is for the registry ${[...others.keys()].slice(0, 10).join(', ')}; ${origin} names ${server}. Nothing was pushed.`,
      hint: 'Make the bundle with the airgap.yaml of this network, or do not load it.',
    },
  ]);
}

/**
 * Compares a bundle with the plan of this side, if there is one: no target may have another digest.
 *
 * @returns whether the plan confirms the digest of every image of the bundle
 * @throws InputError with every target whose digest is another
 */
export function compareWithPlan({ file, plan }: OpenBundle, relocations: readonly Relocation[]): boolean {
  const nameOf = ({ target }: Pick<Relocation, 'target'>): string =>
    `${repositoryName(target)}:${target.tag}`;
  const planned = new Map(relocations.map((relocation) => [nameOf(relocation), relocation.target.digest]));
  const problems: Problem[] = [];
  let confirmed = 0;
  for (const image of plan.images) {
    const digest = planned.get(nameOf(image));
    if (digest === image.digest) confirmed++;
    else if (digest !== undefined && problems.length < 20) {
      problems.push({
        message: `${file} has ${image.digest} for ${nameOf(image)}; the plan of airgap.yaml has ${digest}`,
      });
    }
  }
  if (problems.length === 0) return confirmed === plan.images.length;
  throw new InputError([
    ...problems,
    {
      message: 'the bundle is not of the release that airgap.yaml names; nothing was pushed',
      hint: 'If it is the bundle of another release, pass the digest that bundle printed with --digest.',
    },
  ]);
}
