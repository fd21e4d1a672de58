import { groupBy } from '../common/collections.ts';
import { count } from '../common/text.ts';
import { byContainer, type ContainerImage, containerName } from '../digests/container-image.ts';
import type { ImageReference } from '../image/reference.ts';
import type { Override, Plan, Relocation, Treatment } from './model.ts';

/** One container of the release with its treatment. */
export interface ContainerRow {
  readonly component: string;
  readonly container: string;
  /** The upstream image; left out for the user's own image, which is not copied. */
  readonly source?: ImageReference;
  readonly treatment: Treatment;
  /** Its image in the local registry; left out for an excluded container, which runs from its source. */
  readonly local?: Override;
}

/** A plan for display: by container, by image, and in total. */
export interface Overview {
  /** All containers of the release, including excluded ones, by component and container. */
  readonly containers: readonly ContainerRow[];
  /** Every distinct image once. */
  readonly images: readonly Relocation[];
  readonly totals: Totals;
}

/** Totals; servers are ordered by name. */
export interface Totals {
  readonly overridden: number;
  readonly copyOnly: number;
  /** Artifacts that are copied in addition to the images of containers: the chart, and `extra`. */
  readonly additions: number;
  readonly excluded: number;
  readonly images: number;
  /** Signatures, attestations and SBOMs that are copied with the images; left out if none are known. */
  readonly artifacts?: number;
  /** Distinct images that are copied, by source server. */
  readonly sources: Readonly<Record<string, number>>;
  /** Distinct images, by target server. */
  readonly targets: Readonly<Record<string, number>>;
}

/** Returns the treatment of each container and each image. */
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

/** Groups containers that are not simply placed by the layout, by the reason. */
export function specialsOf(plan: Plan): { readonly what: string; readonly names: readonly string[] }[] {
  const { containers } = overviewOf(plan);
  const kinds: (readonly [string, (row: ContainerRow) => boolean])[] = [
    ['excluded: not copied and not overridden', ({ treatment }) => treatment === 'exclude'],
    ['only copied: not overridden', ({ treatment }) => treatment === 'copyOnly'],
    ['your own image: not copied', ({ source }) => !source],
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

/** Formats counts by server, such as `docker.io (1), quay.io (2)`. */
export function formatCounts(counts: Totals['sources']): string {
  const words = Object.entries(counts).map(([server, number]) => `${server} (${number})`);
  return words.join(', ') || 'nowhere';
}

/** Returns the image that an override makes a container run. */
export function imageOf({ server, repository, tag, digest }: Override): ImageReference {
  return { registry: server, repository, tag, ...(digest && { digest }) };
}

/** Returns the contents of the ConfigMap of a plan as containers of a digests file. */
export function overriddenImages(plan: Plan): ContainerImage[] {
  return plan.overrides.map((override) => ({
    component: override.component,
    container: override.container,
    image: imageOf(override),
  }));
}

/** Counts how often each name occurs. */
function tally(names: readonly string[]): Record<string, number> {
  const groups = groupBy([...names].sort(), (name) => name);
  return Object.fromEntries([...groups].map(([name, group]) => [name, group.length]));
}
