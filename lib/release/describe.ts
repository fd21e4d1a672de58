import { type ContainerImage, containerName } from '../digests/container-image.ts';
import { type ImageReference, shortDigest, shortReference } from '../image/reference.ts';
import { imageOf } from '../plan/overview.ts';
import type { ImageChange } from './compare.ts';
import type { Review } from './review.ts';

/** What a new container means: the plan covers it, or it would run from the internet. */
export function whenAdded(review: Review, container: ContainerImage): string {
  const { plan, product, rows, toCopy } = review;
  const from = review.comparison.moved.find(({ after }) => after === container)?.before;
  const moved = from ? `moved from ${product.nameOf(from)}; ` : '';
  return moved + whatRuns(container, { plan, product, rows, toCopy });
}

function whatRuns(
  container: ContainerImage,
  { plan, product, rows, toCopy }: Pick<Review, 'plan' | 'product' | 'rows' | 'toCopy'>,
): string {
  // A configuration and no plan: the new side is a ConfigMap, and has it.
  if (!plan && toCopy) return `runs ${shortReference(container.image)}`;
  const row = rows.get(containerName(container));
  const upstream = (row?.source ?? container.image).registry;
  const copy = row?.local && shortReference(imageOf(row.local));
  switch (row?.treatment) {
    case undefined:
      return `would run from ${upstream}: there is no configuration for its copy`;
    case 'exclude':
      return `would run from ${upstream}: it is excluded`;
    case 'copyOnly':
      return `would run from ${upstream} until you configure its copy, ${copy}`;
    case 'override':
      return `runs ${copy} once ${product.overrideName.replace('the ', 'the new ')} is applied; until then from ${upstream}`;
  }
}

/** Where a container that is gone has gone. */
export function whenRemoved({ comparison, product }: Review, container: ContainerImage): string {
  const to = comparison.moved.find(({ before }) => before === container)?.after;
  return to ? `moved to ${product.nameOf(to)}` : '';
}

/** What happened to an image, in words. */
export function describeChange({ before, after, differences }: ImageChange): string {
  const digest = (image: ImageReference): string => (image.digest ? shortDigest(image.digest) : 'none');
  const same = before.digest !== undefined && before.digest === after.digest;
  const words = {
    server: `moved from ${before.registry} to ${after.registry}`,
    repository: `moved from ${before.repository} to ${after.repository}`,
    tag: `re-tagged from ${before.tag ?? 'no tag'} to ${after.tag ?? 'no tag'}${same ? ', the same digest' : ''}`,
    digest: `same tag with a new digest, ${digest(before)} became ${digest(after)}`,
    'digest-added': `now has a digest, ${digest(after)}`,
    'digest-lost': `has lost its digest, ${digest(before)}`,
  };
  return differences.map((difference) => words[difference]).join('; ');
}
