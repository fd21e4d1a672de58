import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chartImages } from '../../lib/chart/images.ts';
import { parseValues } from '../../lib/chart/values.ts';
import type { Release } from '../../lib/digests/release.ts';
import { formatReference } from '../../lib/image/reference.ts';
import type { Content, Image } from './images.ts';
import { makeTgz } from './tar.ts';

/** The folder of a small chart that names and renders images as ESS Helm does. */
export const CHART = 'test/fixtures/ess-helm/matrix-stack';

/** The chart's values with every registry replaced, and what else is given. */
export function chartValues(registry: string, replace: (text: string) => string = (text) => text): string {
  return replace(
    readFileSync(`${CHART}/values.yaml`, 'utf8').replace(/registry: \S+/g, `registry: ${registry}`),
  );
}

/** The chart as `helm push` puts it into a registry. */
export function packagedChart(values: string, version = '26.8.0'): Image {
  const metadata = readFileSync(`${CHART}/Chart.yaml`, 'utf8').replace('26.8.0', version);
  const layer = content(
    'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
    makeTgz([
      { path: 'matrix-stack/Chart.yaml', data: metadata },
      { path: 'matrix-stack/values.yaml', data: values },
    ]),
  );
  const config = content(
    'application/vnd.cncf.helm.config.v1+json',
    Buffer.from(JSON.stringify({ name: 'matrix-stack', version, apiVersion: 'v2' })),
  );
  const descriptor = ({ mediaType, digest, size }: Content) => ({ mediaType, digest, size });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = { schemaVersion: 2, mediaType, config: descriptor(config), layers: [descriptor(layer)] };
  return {
    ...content(mediaType, Buffer.from(JSON.stringify(manifest))),
    name: 'matrix-stack',
    manifests: [],
    blobs: [config, layer],
  };
}

function content(mediaType: string, data: Buffer): Content {
  return {
    digest: `sha256:${createHash('sha256').update(data).digest('hex')}`,
    mediaType,
    size: data.length,
    data,
  };
}

/** The release of a chart's values as `ess-airgap lock` writes it, with digests made of the names of the tags. */
export function lockedRelease(values: string, user: readonly string[] = [], version = '26.8.0'): Release {
  const { entries, pullSecretsKey } = chartImages(
    { name: 'matrix-stack', version, values: parseValues(values, 'values.yaml') },
    user.map((text) => parseValues(text, 'mine.yaml')),
  );
  return {
    info: {
      product: 'ess-helm',
      chart: 'matrix-stack',
      version,
      ...(pullSecretsKey && { pullSecrets: pullSecretsKey }),
    },
    images: entries.map(({ component, container, image, enabled, form }) => ({
      component,
      container,
      image: { ...image, digest: image.digest ?? digestOfName(formatReference(image)) },
      ...(!image.digest && { digestFromTag: true as const }),
      ...(!enabled && { enabled }),
      ...(form === 'inline' && { inline: true as const }),
    })),
    artifacts: new Map(),
    layers: new Map(),
  };
}

/** A digest that only a name decides. */
export function digestOfName(name: string): string {
  return `sha256:${createHash('sha256').update(name).digest('hex')}`;
}
