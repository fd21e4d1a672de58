import { containerName } from '../digests/container-image.ts';
import { formatReference, type ImageReference } from '../image/reference.ts';
import type { Plan, Relocation } from '../plan/model.ts';
import { type ContainerRow, imageOf, overviewOf } from '../plan/overview.ts';
import type { Review } from '../release/review.ts';
import { breakable, reference } from './changes.ts';
import { type Html, html, type Ids } from './html.ts';

/** What a container can be marked with, and in which colour. */
const STATES = {
  added: 'good',
  changed: 'doubt',
  excluded: 'bad',
  'only copied': 'doubt',
  'your own': 'doubt',
  'no digest': 'bad',
} as const;
type State = keyof typeof STATES;

/** Every container by component and every image by server, with what the script needs to search and filter them. */
export function containersSection(plan: Plan, review: Review | undefined, id: Ids): Html {
  const { containers, images } = overviewOf(plan);
  const marked = containers.map((row) => ({ row, states: statesOf(row, review) }));
  const components = [...new Set(containers.map(({ component }) => component))];
  const servers = serversOf(plan);
  const statesByName = new Map(marked.map(({ row, states }) => [containerName(row), states]));
  const groups = [...servers, undefined].map((server) => ({
    server,
    images: images.filter(({ source }) => source?.registry === server),
  }));
  return html`<section>
<h2>Containers by component</h2>
<table id="${id('containers')}" class="containers">
<thead><tr><th>Container</th><th>Source</th><th>Runs</th><th></th></tr></thead>
${components.map((component) =>
  group(
    component,
    4,
    marked
      .filter(({ row }) => row.component === component)
      .map(({ row, states }) => containerRow(row, states)),
  ),
)}</table>
</section>
<section>
<h2>Images by server</h2>
<table id="${id('images')}">
<thead><tr><th>Source</th><th>Target</th><th>Containers</th></tr></thead>
${groups
  .filter(({ images }) => images.length > 0)
  .map(({ server, images }) =>
    group(
      server ?? 'your own, not copied',
      3,
      images.map((relocation) => imageRow(relocation, statesByName)),
    ),
  )}</table>
</section>`;
}

/** The form that searches and filters the tables of all deployments. The script shows it. */
export function filterForm(
  deployments: readonly { readonly plan: Plan; readonly review?: Review | undefined }[],
): Html {
  const servers = new Set(deployments.flatMap(({ plan }) => serversOf(plan)));
  const states = new Set(
    deployments.flatMap(({ plan, review }) =>
      overviewOf(plan).containers.flatMap((row) => statesOf(row, review)),
    ),
  );
  const options = (values: ReadonlySet<string>): Html[] =>
    [...values].sort().map((value) => html`<option value="${slug(value)}">${value}</option>`);
  return html`<form id="filter" hidden>
<input id="search" type="search" placeholder="Search" aria-label="Search">
<select id="server" aria-label="Server"><option value="">Every server</option>${options(servers)}</select>
<select id="state" aria-label="State"><option value="">Every state</option>${options(states)}</select>
<output id="shown" class="faint"></output>
</form>
`;
}

function serversOf(plan: Plan): string[] {
  const { containers } = overviewOf(plan);
  return [...new Set(containers.flatMap(({ source }) => source?.registry ?? []))].sort();
}

function group(title: string, columns: number, rows: readonly Html[]): Html {
  return html`<tbody>
<tr><th colspan="${columns}">${title}</th></tr>
${rows}</tbody>
`;
}

function imageRow(
  { source, target, containers }: Relocation,
  states: ReadonlyMap<string, readonly State[]>,
): Html {
  const all = [...new Set(containers.flatMap((name) => states.get(name) ?? []))];
  return html`<tr ${filtered([source, target], containers, all)}>
<td data-label="Source">${image(source, 'your own')}</td><td data-label="Target">${reference(target)}</td><td data-label="Containers">${breakable(containers.join(', '))}</td>
</tr>
`;
}

/** What the script looks at: the text of a row, its server, its states. */
export function filtered(
  [source, other]: readonly [ImageReference | undefined, ImageReference | undefined],
  names: readonly string[],
  states: readonly State[],
): Html {
  const images = [source, other].flatMap((image) => (image ? formatReference(image) : []));
  return html`data-text="${[...names, ...images, ...states].join(' ').toLowerCase()}" data-server="${source?.registry ?? ''}" data-states="${states.map(slug).join(' ')}"`;
}

function containerRow(row: ContainerRow, states: readonly State[]): Html {
  const { container, source, local } = row;
  const runs = local && imageOf(local);
  return html`<tr ${filtered([source, runs], [containerName(row)], states)}>
<td data-label="Container">${breakable(container)}</td><td data-label="Source">${image(source, 'your own')}</td><td data-label="Runs">${image(runs, 'its source')}</td><td>${states.map((state) => html`<span class="mark ${STATES[state]}">${state}</span> `)}</td>
</tr>
`;
}

function image(of: ImageReference | undefined, otherwise: string): Html {
  return of ? reference(of) : html`<span class="faint">${otherwise}</span>`;
}

function statesOf(
  { component, container, source, treatment }: ContainerRow,
  review: Review | undefined,
): State[] {
  const name = containerName({ component, container });
  const states: State[] = [];
  if (review?.comparison.added.some((image) => containerName(image) === name)) states.push('added');
  if (
    review?.comparison.changed.some((change) =>
      change.containers.some((image) => containerName(image) === name),
    )
  )
    states.push('changed');
  if (treatment === 'exclude') states.push('excluded');
  if (treatment === 'copyOnly') states.push('only copied');
  if (!source) states.push('your own');
  if (source && source.digest === undefined) states.push('no digest');
  return states;
}

/** A word of an attribute that holds several. */
function slug(text: string): string {
  return text.replaceAll(' ', '-');
}
