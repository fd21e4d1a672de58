import { groupBy } from '../../common/collections.ts';
import { count, few } from '../../common/text.ts';
import { printable } from '../../input/quote.ts';
import type { UndiscoveredImage } from '../../lock/discover.ts';

/** Images whose artifacts are not known, one cause once, and what to do. */
export function undiscoveredText(failed: readonly UndiscoveredImage[]): string {
  const lines = [...groupBy(failed, ({ reason }) => reason)].flatMap(([reason, images]) => [
    `error: ${printable(reason)}`,
    ...images.map(({ image }) => `    ${image}`),
  ]);
  return [
    ...lines,
    `The signatures, attestations and SBOMs of ${count(failed.length, 'image')} could not be read, so nothing was written.`,
    '    To write the digests file without them, add --no-artifacts. Then they are not copied for any image.',
    '',
  ].join('\n');
}

/** Artifacts that a registry lists and does not have. */
export function goneText(gone: readonly string[]): string {
  const [are, them] = gone.length === 1 ? ['is', 'it'] : ['are', 'them'];
  return `note: ${count(gone.length, 'artifact')} ${are} listed by the registry and ${are} not there; the digests file leaves ${them} out: ${printable(few(gone))}\n`;
}
