import { count, few } from '../../common/text.ts';
import type { Signatures } from '../../digests/signatures.ts';
import { printable } from '../../input/quote.ts';
import { describeSigner } from '../../plan/signers.ts';
import type { CheckedImage } from '../../signatures/check.ts';
import type { Colors } from '../terminal.ts';
import { unverifiedLines } from './signatures.ts';

/** Images whose signatures are not as the policy wants, each signature with the reason. */
export function unverifiedText(images: readonly CheckedImage[]): string {
  const lines = images.flatMap((image) => unverifiedLines(image));
  return [
    ...lines.map((line) => (line.startsWith(' ') ? line : `error: ${line}`)),
    `${count(images.length, 'image')} ${images.length === 1 ? 'is' : 'are'} not signed as verify wants, so nothing was written.`,
    '',
  ].join('\n');
}

/** How many images are verified, and how many have no policy: the end of the summary of a lock. */
export function verifiedSummary(checked: readonly CheckedImage[] | undefined): string {
  if (!checked) return '';
  const without = checked.filter(({ result }) => result === 'no-policy').length;
  const verified = count(checked.length - without, 'image');
  return `, signatures of ${verified} verified${without > 0 ? `, ${without} without a policy` : ''}`;
}

/** What changed in the recorded signatures: a line per image. */
export function signatureChangeLines(
  before: Signatures = new Map(),
  after: Signatures = new Map(),
  colors: Colors,
): string[] {
  const images = [...new Set([...before.keys(), ...after.keys()])].sort();
  return images.flatMap((image) => {
    const [was, is] = [before.get(image), after.get(image)];
    if (JSON.stringify(was) === JSON.stringify(is)) return [];
    if (!is) return colors.red(`- the signatures of ${image} are no longer recorded`);
    const signers = few([...new Set(is.map(({ signer }) => printable(describeSigner(signer))))]);
    return was
      ? colors.yellow(`~ the signatures of ${image} changed; signed by ${signers}`)
      : colors.green(`+ ${image} is signed by ${signers}`);
  });
}
