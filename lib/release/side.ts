import type { ConfigPlace } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { type ContainerImage, containerName } from '../digests/container-image.ts';
import { CLASSIC } from '../digests/release.ts';
import type { ImageReference } from '../image/reference.ts';
import type { Plan, ReleaseContext, Relocation } from '../plan/model.ts';
import { type ContainerRow, overriddenImages, overviewOf } from '../plan/overview.ts';
import { makePlan } from '../plan/plan.ts';
import { productOf } from '../plan/products/index.ts';
import type { Product } from '../plan/products/product.ts';

/**
 * One side of a comparison. A release names images upstream and has a plan where there is a configuration; an
 * override (the ConfigMap that a plan made) names them in the local registry already.
 */
export interface Side {
  readonly kind: 'release' | 'override';
  readonly product: Product;
  /** The containers as the file has them. */
  readonly images: readonly ContainerImage[];
  readonly plan?: Plan;
  /** What the plan does with each container, by component/container; empty without a plan. */
  readonly rows: ReadonlyMap<string, ContainerRow>;
  /** The containers with the images that the cluster runs; left out where nothing says where these are. */
  readonly overridden?: readonly ContainerImage[];
}

/** A side of the comparison; a file whose images are all on the local server already is an override. */
export function sideOf(
  images: readonly ContainerImage[],
  config: Config | undefined,
  place?: ConfigPlace,
  context?: ReleaseContext,
): Side {
  const product = productOf(context?.info ?? CLASSIC);
  if (!config) return { kind: 'release', product, images, rows: new Map() };
  if (images.every(({ image }) => image.registry === config.registry.server))
    return { kind: 'override', product, images, rows: new Map(), overridden: images };
  const plan = makePlan(images, config, place, context);
  const rows = new Map(overviewOf(plan).containers.map((row) => [containerName(row), row]));
  return { kind: 'release', product, images, plan, rows, overridden: overriddenImages(plan) };
}

/** The containers as both sides can be compared: as the ConfigMap has them where one side is a ConfigMap. */
export function comparable(side: Side, other: Side): readonly ContainerImage[] {
  return side.kind === other.kind ? side.images : (side.overridden ?? side.images);
}

/** The images that a side has in the local registry, by `repository:tag`. */
export function targetsOf({ plan, images }: Side): Map<string, Pick<Relocation, 'source'> & Target> {
  const targets: (Pick<Relocation, 'source'> & Target)[] =
    plan?.relocations.map(({ source, target }) => ({ ...(source && { source }), target })) ??
    images.map(({ image }) => ({ target: image }));
  return new Map(targets.map((entry) => [`${entry.target.repository}:${entry.target.tag ?? ''}`, entry]));
}

interface Target {
  readonly target: ImageReference;
}
