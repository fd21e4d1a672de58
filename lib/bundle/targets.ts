import { repositoryName } from '../image/reference.ts';
import { InputError, type Problem } from '../input/problem.ts';
import type { Relocation } from '../plan/model.ts';
import { type BundledImage, contentsOf } from './load-plan.ts';
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
  for (const { blobs } of plan.images.flatMap(contentsOf)) {
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
 * Compares a bundle with the plan of this side, if there is one: no target may have another digest, and no image other
 * artifacts.
 *
 * @returns whether the plan confirms the digest of every image and artifact of the bundle
 * @throws InputError with every target whose digest or artifacts are others
 */
export function compareWithPlan({ file, plan }: OpenBundle, relocations: readonly Relocation[]): boolean {
  const planned = new Map(relocations.map((relocation) => [nameOf(relocation), relocation]));
  const problems: Problem[] = [];
  let confirmed = 0;
  for (const image of plan.images) {
    const relocation = planned.get(nameOf(image));
    if (!relocation) continue;
    const { digest } = relocation.target;
    if (digest !== undefined && digest !== image.digest) {
      problems.push({
        message: `${file} has ${image.digest} for ${nameOf(image)}; the plan of airgap.yaml has ${digest}`,
      });
    } else {
      const why = otherArtifacts(image, relocation);
      if (why) problems.push({ message: `${file}, ${nameOf(image)}: ${why}` });
      else if (digest !== undefined && (relocation.artifacts || image.artifacts.length === 0)) confirmed++;
    }
  }
  if (problems.length === 0) return confirmed === plan.images.length;
  throw new InputError([
    ...problems.slice(0, 20),
    {
      message: 'the bundle is not of the release that airgap.yaml names; nothing was pushed',
      hint: 'If it is the bundle of another release, pass the digest that bundle printed with --digest.',
    },
  ]);
}

/** How the artifacts of an image are others than those of a plan that knows of any. */
function otherArtifacts(image: BundledImage, { artifacts }: Relocation): string | undefined {
  if (!artifacts) return undefined;
  const namesOf = (all: readonly { readonly digest: string; readonly tag?: string }[]): string[] =>
    all.map(({ digest, tag }) => (tag === undefined ? digest : `${digest} at the tag ${tag}`));
  const bundled = namesOf(image.artifacts);
  const planned = namesOf(artifacts);
  const missing = planned.find((it) => !bundled.includes(it));
  if (missing) return `the bundle lacks the artifact ${missing}, which the plan of airgap.yaml has`;
  const extra = bundled.find((it) => !planned.includes(it));
  return extra && `the bundle has the artifact ${extra}, which the plan of airgap.yaml does not have`;
}

function nameOf({ target }: Pick<Relocation, 'target'>): string {
  return `${repositoryName(target)}:${target.tag}`;
}
