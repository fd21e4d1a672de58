import type { ConfigPlace } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { ContainerImage } from '../digests/container-image.ts';
import type { ReleaseInfo } from '../digests/release.ts';
import { parseReference } from '../image/reference.ts';

/** Returns what a plan copies in addition to the images of containers: the chart itself, and `extra`. */
export function additionsOf(info: ReleaseInfo, config: Config, place?: ConfigPlace): ContainerImage[] {
  const chart: ContainerImage[] =
    info.product === 'ess-helm' && info.artifact
      ? [{ component: 'chart', container: info.chart, image: info.artifact, role: 'chart', artifact: true }]
      : [];
  const extra = config.extra.map(({ name, source, kind }, index): ContainerImage => {
    const image = parseReference(source);
    if (typeof image === 'string') throw new Error('the schema accepted an invalid source of extra');
    return {
      component: 'extra',
      container: name,
      image,
      role: 'extra',
      ...(kind === 'artifact' && { artifact: true }),
      ...(place && { place: place('extra', index) }),
    };
  });
  return [...chart, ...extra];
}
