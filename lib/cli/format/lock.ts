import { groupBy } from '../../common/collections.ts';
import { count } from '../../common/text.ts';
import { containerName } from '../../digests/container-image.ts';
import type { ImageLayers } from '../../digests/layers.ts';
import type { Release } from '../../digests/release.ts';
import { shortReference } from '../../image/reference.ts';
import { printable } from '../../input/quote.ts';
import type { Unresolved } from '../../lock/lock.ts';
import { compareArtifacts } from '../../release/artifacts.ts';
import { compareReleases } from '../../release/compare.ts';
import { describeChange } from '../../release/describe.ts';
import type { Colors } from '../terminal.ts';
import { artifactChangeLines, artifactsSummary } from './artifacts.ts';
import { signatureChangeLines } from './lock-signatures.ts';

/** What a lock says now that an older one did not, a line or two for each; empty if they say the same. */
export function lockChanges(before: Release, after: Release, colors: Colors): string[] {
  const { added, removed, changed } = compareReleases(before.images, after.images);
  const was = new Map(before.images.map((image) => [containerName(image), image]));
  const [old, now] = [before, after].map(({ info }) =>
    info.product === 'ess-helm' ? `${info.chart} ${info.version}` : 'a release of the installer',
  );
  const [oldChart, newChart] = [before, after].map(({ info }) =>
    info.product === 'ess-helm' && info.artifact ? shortReference(info.artifact) : 'no chart in a registry',
  );
  const switched = after.images.flatMap((image) => {
    const other = was.get(containerName(image));
    if (!other || other.enabled === image.enabled) return [];
    return colors.yellow(
      `~ ${containerName(image)} is now ${image.enabled === false ? 'disabled' : 'enabled'}`,
    );
  });
  const lines = [
    ...(old === now ? [] : [colors.yellow(`~ ${old} became ${now}`)]),
    ...(oldChart === newChart || old !== now ? [] : [colors.yellow(`~ ${oldChart} became ${newChart}`)]),
    ...changed.flatMap((change) => [
      colors.yellow(`~ ${shortReference(change.before)}`),
      `    ${describeChange(change)}`,
      `    in ${change.containers.map(containerName).join(', ')}`,
    ]),
    ...added.map((image) => colors.green(`+ ${containerName(image)}  ${shortReference(image.image)}`)),
    ...removed.map((image) => colors.red(`- ${containerName(image)}  ${shortReference(image.image)}`)),
    ...switched,
    ...artifactChangeLines(compareArtifacts(before, after), colors),
    ...layerChangeLines(before.layers, after.layers, colors),
    ...signatureChangeLines(before.signatures, after.signatures, colors),
  ];
  return lines.map((line) => `  ${line}`);
}

/** The images whose layers one of the locks does not know, or knows otherwise. */
function layerChangeLines(
  before: ImageLayers = new Map(),
  after: ImageLayers = new Map(),
  colors: Colors,
): string[] {
  const images = new Set([...before.keys(), ...after.keys()]);
  const changed = [...images].filter(
    (image) => JSON.stringify(before.get(image)) !== JSON.stringify(after.get(image)),
  );
  if (changed.length === 0) return [];
  const text = `the layers of ${count(changed.length, 'image')}`;
  if (before.size === 0) return [colors.green(`+ ${text}`)];
  return [after.size === 0 ? colors.red(`- ${text}`) : colors.yellow(`~ ${text}`)];
}

/** Tags whose digests could not be had, one cause once, however many tags it has to do with. */
export function unresolvedText(unresolved: readonly Unresolved[]): string {
  const groups = groupBy(unresolved, ({ resolution }) =>
    resolution.result === 'missing' ? 'the registry does not have this tag' : resolution.reason,
  );
  const lines = [...groups].flatMap(([cause, images]) => [
    `error: ${printable(cause)}`,
    ...images.map(({ image, containers }) => `    ${image}  in ${containers.join(', ')}`),
  ]);
  const { length } = unresolved;
  return `${[...lines, `No digest was found for ${count(length, 'tag')}, so nothing was written.`].join('\n')}\n`;
}

/** What a lock holds, in a sentence. */
export function lockSummary({ info, images, artifacts }: Release): string {
  const distinct = new Set(
    images.map(({ image }) => `${image.registry}/${image.repository}@${image.digest}`),
  );
  const off = images.filter(({ enabled }) => enabled === false).map(containerName);
  return [
    info.product === 'ess-helm' ? `${info.chart} ${info.version}: ` : '',
    `${count(images.length, 'container')}, ${count(distinct.size, 'distinct image')}`,
    artifactsSummary(artifacts),
    off.length > 0 ? `, disabled: ${off.join(', ')}` : '',
  ].join('');
}
