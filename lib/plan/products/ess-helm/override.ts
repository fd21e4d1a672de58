import type { Config } from '../../../config/schema.ts';
import type { UncheckedPlan } from '../../model.ts';
import { imageKeys } from './lists.ts';
import { mapping, renderMapping, setAt } from './yaml.ts';

/** How a line of every override begins; what follows is the chart and its version. */
const FILE_HEADER = '# ess-airgap: images for ';

/**
 * Helm values that make a chart run every image of a plan. Metadata is in comments only: the chart's schema accepts no
 * unknown key. Entries of the chart are written whole, because it has no registry for all of them, and Helm would keep
 * what is left out.
 */
export function renderValues({ release, overrides, valueLists, hash }: UncheckedPlan): string {
  if (release.product !== 'ess-helm') throw new Error('Helm values are for releases of ESS Helm');
  const lists = valueLists.reduce((root, { path, items }) => setAt(root, path, items), mapping([]));
  const values = overrides.reduce((root, override) => {
    if (isInList(override, valueLists)) return root;
    return setAt(root, [...override.component.split('.'), override.container], mapping(imageKeys(override)));
  }, lists);
  const lines = [
    `${FILE_HEADER}${release.chart} ${release.version}`,
    `# Plan ${hash}`,
    '#',
    `# Only for version ${release.version} of the chart: a digest wins over the tag of any other version.`,
    '# Give it to Helm as the last file of values. Do not edit it; synthesise again.',
    ...renderMapping(values),
  ];
  return `${lines.join('\n')}\n`;
}

/** Whatever reads manifests from a folder takes every .yaml, .yml and .json for one, so the file has another ending. */
export function fileName({ name }: Pick<Config, 'name'>): string {
  return `${name ? `${name}-` : ''}ess-images.values`;
}

/** Whether an image is part of a list that is repeated as a whole. */
function isInList(
  { component }: UncheckedPlan['overrides'][number],
  lists: UncheckedPlan['valueLists'],
): boolean {
  return lists.some(({ path }) => component === path.join('.') || component.startsWith(`${path.join('.')}.`));
}

/** The chart and version that a file of values is an override for; undefined if it is none. */
export function overrideChart(text: string): string | undefined {
  // A file of a synth has other comments before it.
  const line = text
    .slice(0, 4000)
    .split(/\r\n|\n|\r/)
    .find((own) => own.startsWith(FILE_HEADER));
  return line?.slice(FILE_HEADER.length);
}
