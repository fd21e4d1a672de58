import { count } from '../../common/text.ts';
import { formatReference, shortReference } from '../../image/reference.ts';
import { printable } from '../../input/quote.ts';
import { signatureValue } from '../../plan/signatures.ts';
import { describeSigner, expectedSigners } from '../../plan/signers.ts';
import type { CheckedImage } from '../../signatures/check.ts';
import type { Terminal } from '../terminal.ts';
import { formatTable } from './table.ts';

/** A checked image, and the containers that use it. */
export type CheckedRow = CheckedImage & { readonly containers: readonly string[] };

const RESULTS = ['verified', 'rejected', 'unsigned', 'unknown', 'no-policy'] as const;

/** Every image with its signers, then why images are not verified, then how many there are of each kind. */
export function signaturesText(from: string, images: readonly CheckedRow[], terminal: Terminal): string {
  const rows = images.flatMap(({ image, result, accepted }) => {
    const name = shortReference(image);
    if (accepted.length === 0) return [[result === 'no-policy' ? 'no policy' : result, name, '-', '-']];
    return accepted.map(({ signer, time = '-' }) => [result, name, printable(describeSigner(signer)), time]);
  });
  const table = formatTable(['RESULT', 'IMAGE', 'SIGNED BY', 'TIME'], rows, terminal);
  const problems = images.flatMap((image) => unverifiedLines(image));
  return [
    ...(images.length > 0 ? [table, '\n'] : []),
    ...problems.map((line) => `${line}\n`),
    ...(problems.length > 0 ? ['\n'] : []),
    summary(from, images),
  ].join('');
}

/** Why an image is not verified: a line for it, and one for each signature; none if it is, or needs no signature. */
export function unverifiedLines({ image, rule, result, rejected, reason }: CheckedImage): string[] {
  const name = formatReference(image);
  if (result === 'verified' || result === 'no-policy' || !rule) return [];
  if (result === 'unknown') return [`unknown: ${name}: ${printable(reason ?? 'no reason is known')}`];
  const found =
    result === 'unsigned'
      ? 'it has no signature'
      : `no accepted signature among ${count(rejected.length, 'signature')}`;
  return [
    `${result}: ${name}: ${found}; expected ${printable(expectedSigners(rule))}`,
    ...rejected.map(({ digest, reason: why }) => `    ${digest}: ${printable(why)}`),
  ];
}

function summary(from: string, images: readonly CheckedImage[]): string {
  const { verified, 'no-policy': without, ...others } = countResults(images);
  const bad = Object.entries(others).filter(([, number]) => number > 0);
  const parts = [
    `${verified} of ${count(images.length - without, 'image')} with a policy verified`,
    ...bad.map(([result, number]) => `${number} ${result}`),
    ...(without > 0 ? [`${without} without a policy`] : []),
  ];
  return `${from}: ${parts.join(', ')}\n`;
}

/** The same for scripts: every image, in the order of the plan, digests in full. */
export function signaturesValue(from: string, images: readonly CheckedRow[]): object {
  return {
    from,
    ...countResults(images),
    signatures: images.map(({ image, rule, result, accepted, rejected, reason, containers }) => ({
      image: formatReference(image),
      result,
      policy: rule ? rule.match : null,
      accepted: accepted.map(signatureValue),
      rejected,
      ...(reason && { reason }),
      containers,
    })),
  };
}

function countResults(images: readonly CheckedImage[]): Record<CheckedImage['result'], number> {
  const numbers = Object.fromEntries(RESULTS.map((result) => [result, 0])) as Record<
    CheckedImage['result'],
    number
  >;
  for (const { result } of images) numbers[result] += 1;
  return numbers;
}
