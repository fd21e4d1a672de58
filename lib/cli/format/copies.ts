import { formatReference, repositoryName } from '../../image/reference.ts';
import type { ImageReport, SummaryReport } from '../../mirror/report.ts';
import type { Relocation } from '../../plan/model.ts';
import type { Terminal } from '../terminal.ts';

/** What would be copied, source by target, and what the registry must have already. */
export function formatCopies(relocations: readonly Relocation[]): string {
  const lines = relocations.map(({ source, target }) => {
    const to = `${repositoryName(target)}:${target.tag}`;
    return source ? `copy    ${formatReference(source)}\n     to ${to}` : `expect  ${to}`;
  });
  const copies = relocations.filter(({ source }) => source).length;
  const own = relocations.length - copies;
  lines.push(
    `${copies} images would be copied, but for those that are there with their digest${own > 0 ? `; ${own} of your own must be there` : ''}`,
  );
  return `${lines.join('\n')}\n`;
}

/** What became of one image, as soon as it is known. */
export function formatImageReport(
  { image, result, containers, error }: ImageReport,
  { colors }: Terminal,
): string {
  const paint = { copied: colors.green, skipped: colors.dim, failed: colors.red };
  const line = `${paint[result](result.padEnd(7))}  ${image}`;
  if (result !== 'failed') return `${line}\n`;
  return `${line}\n         ${error ?? ''}\n         used by ${containers.join(', ')}\n`;
}

/** How many images there were, and what became of them. */
export function formatSummary({ expected, copied, skipped, failed }: SummaryReport): string {
  return `${expected} images: ${copied} copied, ${skipped} were there already, ${failed} failed\n`;
}
