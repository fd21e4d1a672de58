import { byContainer, type ContainerImage, containerName } from '../digests/container-image.ts';
import type { ImageReference } from '../image/reference.ts';
import type { Override, Plan, Relocation } from './model.ts';

/** One container of the release and what becomes of it. */
export interface ContainerRow {
  readonly component: string;
  readonly container: string;
  /** The image upstream; left out for an image of the user's own, which nobody copies. */
  readonly source?: ImageReference;
  /** What the ConfigMap says; left out for an excluded container, which runs from its source. */
  readonly override?: Override;
}

/** A plan as people read it: by container, by image, and in total. */
export interface Overview {
  /** Every container of the release, excluded ones too, by component and container. */
  readonly containers: readonly ContainerRow[];
  /** Every distinct image once. */
  readonly images: readonly Relocation[];
  readonly totals: Totals;
}

/** How many there are; servers by name. */
export interface Totals {
  readonly overridden: number;
  readonly excluded: number;
  readonly images: number;
  /** Distinct images that are copied, by the server that they come from. */
  readonly sources: Readonly<Record<string, number>>;
  /** Distinct images, by the server that they are to be on. */
  readonly targets: Readonly<Record<string, number>>;
}

/** What a plan makes of each container and each image. */
export function overviewOf(plan: Plan): Overview {
  const relocations = new Map(
    plan.relocations.flatMap((relocation) =>
      relocation.containers.map((name) => [name, relocation] as const),
    ),
  );
  const overridden = plan.overrides.map((override): ContainerRow => {
    const { component, container } = override;
    const source = relocations.get(containerName(override))?.source;
    return { component, container, ...(source && { source }), override };
  });
  const excluded = plan.excluded.map(
    ({ component, container, image }): ContainerRow => ({ component, container, source: image }),
  );
  return {
    containers: [...overridden, ...excluded].sort(byContainer),
    images: plan.relocations,
    totals: {
      overridden: overridden.length,
      excluded: excluded.length,
      images: plan.relocations.length,
      sources: count(plan.relocations.flatMap(({ source }) => source?.registry ?? [])),
      targets: count(plan.relocations.map(({ target }) => target.registry)),
    },
  };
}

/** `docker.io (1), quay.io (2)`: counts by server, in words. */
export function formatCounts(counts: Totals['sources']): string {
  const words = Object.entries(counts).map(([server, number]) => `${server} (${number})`);
  return words.join(', ') || 'nowhere';
}

/** The image that an override makes a container run. */
export function imageOf({ server, repository, tag, digest }: Override): ImageReference {
  return { registry: server, repository, tag, ...(digest && { digest }) };
}

/** The same as containers of a digests file: what the ConfigMap of a plan holds. */
export function overriddenImages(plan: Plan): ContainerImage[] {
  return plan.overrides.map((override) => ({
    component: override.component,
    container: override.container,
    image: imageOf(override),
  }));
}

function count(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of [...names].sort()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries(counts);
}
