import { type Chart, readChart } from '../chart/chart.ts';
import { chartImages } from '../chart/images.ts';
import { readValues } from '../chart/values.ts';
import { byContainer } from '../digests/container-image.ts';
import { readRelease } from '../digests/read.ts';
import type { Release } from '../digests/release.ts';
import type { ImageReference } from '../image/reference.ts';
import { readTextFile } from '../input/file.ts';
import { collectProblems, InputError } from '../input/problem.ts';
import type { RegistryClient } from '../registry/client.ts';
import { OCI_SCHEME, pullChart } from './oci-chart.ts';

export interface LockInput {
  /** A chart (`oci://…`, folder, `.tgz`, `values.yaml`) or a digests file. */
  readonly source: string;
  /** Files of Helm values, in the order in which Helm gets them. */
  readonly values: readonly string[];
  /** The version of a chart whose `values.yaml` is read alone. */
  readonly chartVersion?: string;
}

/**
 * Reads what is to be locked: the images of a chart under the user's values, or those of a digests file.
 *
 * @throws InputError with every problem of the files
 * @throws RegistryError if a chart in a registry cannot be had
 */
export async function readLockInput(
  { source, values, chartVersion }: LockInput,
  client: RegistryClient,
): Promise<Release> {
  if (source.startsWith(OCI_SCHEME)) {
    const { chart, artifact } = await pullChart(source, client);
    if (chartVersion !== undefined)
      throw unused('--chart-version', 'a chart in a registry has its version in its name');
    return releaseOf(chart, values, artifact);
  }
  if (isDigestsFile(source)) {
    if (values.length > 0) throw unused('--values', `${source} is a digests file, which has no Helm values`);
    if (chartVersion !== undefined) throw unused('--chart-version', `${source} is a digests file`);
    return readRelease(source);
  }
  return releaseOf(readChart(source, chartVersion), values);
}

function releaseOf(
  chart: Chart,
  values: readonly string[],
  artifact?: ImageReference & { tag: string },
): Release {
  const { entries, pullSecretsKey } = chartImages(chart, collectProblems(values, readValues));
  return {
    info: {
      product: 'ess-helm',
      chart: chart.name,
      version: chart.version,
      ...(artifact && { artifact }),
      ...(pullSecretsKey && { pullSecrets: pullSecretsKey }),
    },
    images: entries
      .map(({ component, container, image, enabled, form, place }) => ({
        component,
        container,
        image,
        ...(!enabled && { enabled }),
        ...(form === 'inline' && { inline: true as const }),
        place,
      }))
      .sort(byContainer),
    artifacts: new Map(),
    layers: new Map(),
  };
}

/** Both are YAML: a digests file has keys that no values have. What is neither is read, and reported, as a chart. */
export function isDigestsFile(path: string): boolean {
  try {
    return /^[ \t]*(?:"?images_digests"?[ \t]*:|image_repository_path[ \t]*:)/m.test(
      readTextFile(path, 'a digests file'),
    );
  } catch {
    // Whatever is wrong with the file is said by who reads it.
    return false;
  }
}

function unused(option: string, why: string): InputError {
  return new InputError([{ message: `${option} does not apply here: ${why}` }]);
}
