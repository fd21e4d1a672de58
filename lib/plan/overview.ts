import { groupBy } from '../common/collections.ts';
import { count } from '../common/text.ts';
import { byContainer, type ContainerImage, containerName } from '../digests/container-image.ts';
import type { ImageReference } from '../image/reference.ts';
import type { Override, Plan, Relocation, Treatment } from './model.ts';

/** One container of the release and what becomes of it. */
export interface ContainerRow {
  readonly component: string;
  readonly container: string;
  /** The image upstream; left out for an image of the user's own, which nobody copies. */
  readonly source?: ImageReference;
  readonly treatment: Treatment;
  /** Its image in the local registry; left out for an excluded container, which runs from its source. */
  readonly local?: Override;
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
  readonly copyOnly: number;
  /** What is copied beside the images of containers: the chart, and `extra`. */
  readonly additions: number;
  readonly excluded: number;
  readonly images: number;
  /** Signatures, attestations and SBOMs that are copied with the images; left out if none are known. */
  readonly artifacts?: number;
  /** Distinct images that are copied, by the server that they come from. */
  readonly sources: Readonly<Record<string, number>>;
  /** Distinct images, by the server that they are to be on. */
  readonly targets: Readonly<Record<string, number>>;
}

/** What a plan makes of each container and each image. */
export function overviewOf(plan: Plan): Overview {
  const artifacts = plan.relocations.flatMap(({ artifacts }) => (artifacts ? [artifacts.length] : []));
  const relocations = new Map(
    plan.relocations.flatMap((relocation) =>
      relocation.containers.map((name) => [name, relocation] as const),
    ),
  );
  const rows = (treatment: Treatment, images: readonly Override[]): ContainerRow[] =>
    images.map((local) => {
      const { component, container } = local;
      const source = relocations.get(containerName(local))?.source;
      return { component, container, ...(source && { source }), treatment, local };
    });
  const excluded = plan.excluded.map(
    ({ component, container, image }): ContainerRow => ({
      component,
      container,
      source: image,
      treatment: 'exclude',
    }),
  );
  return {
    containers: [...rows('override', plan.overrides), ...rows('copyOnly', plan.copyOnly), ...excluded].sort(
      byContainer,
    ),
    images: plan.relocations,
    totals: {
      overridden: plan.overrides.length,
      copyOnly: plan.copyOnly.length,
      additions: plan.additions.length,
      excluded: excluded.length,
      images: plan.relocations.length,
      ...(artifacts.length > 0 && { artifacts: artifacts.reduce((sum, number) => sum + number, 0) }),
      sources: tally(plan.relocations.flatMap(({ source }) => source?.registry ?? [])),
      targets: tally(plan.relocations.map(({ target }) => target.registry)),
    },
  };
}

/** Containers that something other than the layout decides about, by what that is. */
export function specialsOf(plan: Plan): { readonly what: string; readonly names: readonly string[] }[] {
  const { containers } = overviewOf(plan);
  const kinds: (readonly [string, (row: ContainerRow) => boolean])[] = [
    ['excluded: not copied, the ConfigMap leaves them alone', ({ treatment }) => treatment === 'exclude'],
    ['only copied: the ConfigMap leaves them alone', ({ treatment }) => treatment === 'copyOnly'],
    ['your own image, which nothing copies', ({ source }) => !source],
    ['renamed by a rule, an override or the layout', ({ source, local }) => isRenamed(source, local)],
  ];
  return kinds.flatMap(([what, is]) => {
    const names = containers.filter(is).map(containerName);
    return names.length > 0 ? [{ what, names }] : [];
  });
}

function isRenamed(source: ImageReference | undefined, local: Override | undefined): boolean {
  return (
    source !== undefined && local !== undefined && !`/${local.repository}`.endsWith(`/${source.repository}`)
  );
}

/** `44 containers overridden, 3 only copied, 5 excluded`. */
export function formatTreatments({ overridden, copyOnly, additions, excluded }: Totals): string {
  const copied = copyOnly > 0 ? `, ${copyOnly} only copied` : '';
  const more = additions > 0 ? `, ${count(additions, 'addition')}` : '';
  return `${count(overridden, 'container')} overridden${copied}, ${excluded} excluded${more}`;
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

/** How often each name occurs, by name. */
function tally(names: readonly string[]): Record<string, number> {
  const groups = groupBy([...names].sort(), (name) => name);
  return Object.fromEntries([...groups].map(([name, group]) => [name, group.length]));
}
