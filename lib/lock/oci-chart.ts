import * as z from 'zod/mini';
import { type Chart, readChartPackage } from '../chart/chart.ts';
import { parseJson } from '../common/json.ts';
import { formatReference, type ImageReference, parseReference } from '../image/reference.ts';
import { InputError } from '../input/problem.ts';
import { quote } from '../input/quote.ts';
import type { RegistryClient } from '../registry/client.ts';
import { RegistryError } from '../registry/error.ts';

/** What a chart on the command line begins with if it is in a registry, as for helm. */
export const OCI_SCHEME = 'oci://';

// Media types of a chart in a registry (Helm documentation, "Use OCI-based registries").
const CONFIG_TYPE = 'application/vnd.cncf.helm.config.v1+json';
const CONTENT_TYPE = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
const MAX_CHART_BYTES = 8 * 1024 * 1024;

const digest = z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/));
const chartManifest = z.object({
  config: z.object({ mediaType: z.literal(CONFIG_TYPE) }),
  layers: z.array(z.object({ mediaType: z.string(), digest })),
});

/**
 * Pulls a chart from a registry; what is read is what the digest of its manifest names.
 *
 * @param text `oci://registry/repository:version`, or with a digest
 * @returns the chart, and its name in the registry
 * @throws InputError if the text or the chart is not what it should be
 * @throws RegistryError if the registry does not have it, or does not answer
 */
export async function pullChart(
  text: string,
  client: RegistryClient,
): Promise<{ chart: Chart; artifact: ImageReference & { readonly tag: string } }> {
  const image = parseChartReference(text);
  const name = formatReference(image);
  const manifest = await client.manifest(image, image.digest ?? image.tag ?? '');
  if (!manifest) throw new RegistryError('unexpected', `${name}: the registry does not have this chart`);
  const parsed = chartManifest.safeParse(parseJson(manifest.bytes));
  const layer = parsed.data?.layers.find(({ mediaType }) => mediaType === CONTENT_TYPE);
  if (!layer) throw new RegistryError('unexpected', `${name} is not a Helm chart`);
  const bytes = await client.readBlob(image, layer.digest, MAX_CHART_BYTES);
  const chart = readChartPackage(bytes, name);
  // Tags have no plus sign: Helm writes an underscore for it.
  const tag = image.tag ?? chart.version.replaceAll('+', '_');
  return { chart, artifact: { ...image, tag, digest: manifest.digest } };
}

function parseChartReference(text: string): ImageReference {
  const image = parseReference(text.slice(OCI_SCHEME.length));
  const wrong = (why: string): InputError =>
    new InputError([
      {
        message: `${quote(text)} does not name a chart: ${why}`,
        hint: 'For example oci://ghcr.io/element-hq/ess-helm/matrix-stack:26.8.1',
      },
    ]);
  if (typeof image === 'string') throw wrong(image);
  if (!image.tag && !image.digest) throw wrong('it has neither a version nor a digest');
  return image;
}
