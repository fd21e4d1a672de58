import type { PullSecretsKey } from '../digests/release.ts';
import { InputError, type Place, type Problem } from '../input/problem.ts';
import type { YamlMapping } from '../input/yaml.ts';
import type { Chart } from './chart.ts';
import { findImageEntries, get, type ImageEntry, isImageMapping } from './entries.ts';
import { coalesceValues } from './values.ts';

/** The images that a chart runs with a user's values. */
export interface ChartImages {
  readonly entries: readonly ImageEntry[];
  /** Left out if the chart has no such key, so that an override must not set it. */
  readonly pullSecretsKey?: PullSecretsKey;
}

/**
 * Finds the images of a chart with a user's values.
 *
 * @param files the user's values, in the order of helm -f
 * @throws InputError with all entries that cannot be read as an image, and all image entries of the chart that the
 *   user's values remove
 */
export function chartImages(chart: Chart, files: readonly YamlMapping[]): ChartImages {
  const problems: Problem[] = [];
  const values = coalesceValues(chart.values, files);
  const entries = findImageEntries(values, problems);
  for (const own of findImageEntries(chart.values, [])) {
    const name = `${own.component}.${own.container}`;
    if (own.form === 'inline' || isThere(name.split('.'), values)) continue;
    problems.push({
      place: placeOfLoss(name.split('.'), files) ?? own.place,
      message: `these values remove the image ${name} of the chart, or its registry or repository`,
      hint: 'Remove the line. To disable a component, set its enabled to false.',
    });
  }
  if (problems.length > 0) throw new InputError(problems);
  if (entries.length === 0) {
    throw new InputError([
      {
        place: chart.values.place,
        message:
          'the values have no images; expected mappings with registry and repository, as in matrix-stack',
      },
    ]);
  }
  const pullSecretsKey = pullSecretsKeyOf(chart.values);
  return { entries, ...(pullSecretsKey && { pullSecretsKey }) };
}

function isThere(path: readonly string[], values: YamlMapping): boolean {
  let at = values;
  for (const step of path) {
    const found = get(at, step)?.value;
    if (found?.kind !== 'mapping') return false;
    at = found;
  }
  return isImageMapping(at);
}

/** Returns the place in the last file that removes a path or one of the two keys below it. */
function placeOfLoss(path: readonly string[], files: readonly YamlMapping[]): Place | undefined {
  for (const file of [...files].reverse()) {
    let at: YamlMapping = file;
    for (const [index, step] of path.entries()) {
      const found = get(at, step);
      if (!found) break;
      if (found.value.kind !== 'mapping') return found.place;
      at = found.value;
      if (index < path.length - 1) continue;
      for (const key of ['registry', 'repository']) {
        const own = get(at, key);
        if (own && (own.value.kind !== 'scalar' || own.value.empty)) return own.place;
      }
    }
  }
  return undefined;
}

function pullSecretsKeyOf(values: YamlMapping): PullSecretsKey | undefined {
  const image = get(values, 'image')?.value;
  if (image?.kind === 'mapping' && get(image, 'pullSecrets')) return 'image.pullSecrets';
  return get(values, 'imagePullSecrets') ? 'imagePullSecrets' : undefined;
}
