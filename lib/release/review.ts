import type { ConfigPlace } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { ContainerImage } from '../digests/container-image.ts';
import type { ReleaseInfo } from '../digests/release.ts';
import type { ImageReference } from '../image/reference.ts';
import type { Plan, ReleaseContext } from '../plan/model.ts';
import type { ContainerRow } from '../plan/overview.ts';
import type { Product } from '../plan/products/product.ts';
import { type ArtifactComparison, compareArtifacts, isUnchanged } from './artifacts.ts';
import { type Comparison, compareReleases } from './compare.ts';
import { type Decision, decide } from './decisions.ts';
import { comparable, type Side, sideOf, targetsOf } from './side.ts';

/** An image that is not in the local registry yet. */
export interface Copy {
  /** Left out for an image of the user's own, which somebody else puts there. */
  readonly source?: ImageReference;
  readonly target: ImageReference;
  /** The tag is there already, for another digest: it is overwritten. False where a digest is not known. */
  readonly overwrites: boolean;
}

/** What a new release means for somebody who runs the old one. */
export interface Review {
  /** The product line of the new side. */
  readonly product: Product;
  /** The chart of each side, with its version; left out for a release of the installer. */
  readonly charts: { readonly before?: string; readonly after?: string };
  readonly comparison: Comparison;
  /** The plan of the new side, where it is a release and there is a configuration. */
  readonly plan?: Plan;
  /** What that plan does with each container, by component/container; empty without a plan. */
  readonly rows: ReadonlyMap<string, ContainerRow>;
  /** What changed of signatures, attestations and SBOMs; left out if nothing did, or nothing is known of them. */
  readonly artifacts?: ArtifactComparison;
  /** Images to copy, by target; left out where no configuration says where to. */
  readonly toCopy?: readonly Copy[];
  /** Images in the local registry that nothing of the new side uses, by name. */
  readonly unused?: readonly ImageReference[];
  /** What somebody has to decide before the new side is rolled out. */
  readonly decisions: readonly Decision[];
}

/**
 * Compares two releases, or the ConfigMaps made of them, and says what follows. Where one side is a ConfigMap and
 * there is a configuration, the other is compared as the ConfigMap that it would become.
 *
 * @param config says where images go; without it nothing is said about copies, and every new container is to be
 *   decided
 * @param contexts what releases these are. Default: of the installer.
 */
export function reviewRelease(
  before: readonly ContainerImage[],
  after: readonly ContainerImage[],
  config?: Config,
  place?: ConfigPlace,
  contexts: { readonly before?: ReleaseContext; readonly after?: ReleaseContext } = {},
): Review {
  const old = sideOf(before, config, place, contexts.before);
  const now = sideOf(after, config, place, contexts.after);
  const comparison = compareReleases(comparable(old, now), comparable(now, old));
  const known = (images: readonly ContainerImage[], context: ReleaseContext | undefined) => ({
    images,
    artifacts: context?.artifacts ?? new Map(),
  });
  const artifacts = compareArtifacts(known(before, contexts.before), known(after, contexts.after));
  const charts = { before: chartOf(contexts.before?.info), after: chartOf(contexts.after?.info) };
  return {
    product: now.product,
    charts,
    comparison,
    ...(now.plan && { plan: now.plan }),
    rows: now.rows,
    ...(!isUnchanged(artifacts) && { artifacts }),
    ...(config && { toCopy: toCopy(old, now, config), unused: unused(old, now) }),
    decisions: decide({ old, now, comparison, config, place }),
  };
}

function chartOf(info: ReleaseInfo | undefined): string | undefined {
  return info?.product === 'ess-helm' ? `${info.chart} ${info.version}` : undefined;
}

/** A pull-through cache fetches by itself; else everything that is not known to be there with its digest. */
function toCopy(old: Side, now: Side, config: Config): Copy[] {
  if (config.registry.pullThrough) return [];
  const there = targetsOf(old);
  return sortedByKey(targetsOf(now)).flatMap(([name, { source, target }]) => {
    const known = there.get(name);
    if (known && known.target.digest === target.digest) return [];
    const overwrites = known?.target.digest !== undefined && target.digest !== undefined;
    return { ...(source && { source }), target, overwrites };
  });
}

function unused(old: Side, now: Side): ImageReference[] {
  const used = targetsOf(now);
  return sortedByKey(targetsOf(old)).flatMap(([name, { target }]) => (used.has(name) ? [] : target));
}

function sortedByKey<V>(map: ReadonlyMap<string, V>): [string, V][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
