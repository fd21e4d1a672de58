import { count } from '../../common/text.ts';
import { formatReference, repositoryName } from '../../image/reference.ts';
import type { ArtifactsReport, ImageReport, SummaryReport } from '../../mirror/report.ts';
import type { Relocation } from '../../plan/model.ts';
import type { Terminal } from '../terminal.ts';

/** What would be copied, source by target, and what the registry must have already. */
export function formatCopies(relocations: readonly Relocation[]): string {
  const lines = relocations.map(({ source, target, artifacts = [] }) => {
    const to = `${repositoryName(target)}:${target.tag}`;
    const more = artifacts.length > 0 ? `\n   with ${count(artifacts.length, 'artifact')}` : '';
    return source ? `copy    ${formatReference(source)}\n     to ${to}${more}` : `expect  ${to}`;
  });
  const copies = relocations.filter(({ source }) => source).length;
  const own = relocations.length - copies;
  lines.push(
    `${countImages(copies)} would be copied, except those that are in the registry with their digest${own > 0 ? `; ${count(own, 'own image')} must be in the registry` : ''}`,
  );
  return `${lines.join('\n')}\n`;
}

/** Failures that have one cause. */
interface Cause {
  readonly first: ImageReport;
  images: number;
}

/** The report of mirror.sh or load.sh for people: each image as soon as it is known, and each cause of failures once. */
export class CopyReport {
  readonly #terminal: Terminal;
  readonly #causes = new Map<string, Cause>();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** What became of one image. */
  image(report: ImageReport): string {
    const { image, result, containers, error = '', hint = '' } = report;
    const { colors } = this.#terminal;
    const word = report.class === 'interrupted' ? 'not done' : result;
    const paint = result !== 'failed' ? (result === 'copied' ? colors.green : colors.dim) : colors.red;
    const artifacts = report.artifacts ? `  (${describeArtifacts(report.artifacts)})` : '';
    const line = `${paint(word.padEnd(7))}  ${image}${artifacts}\n`;
    if (result !== 'failed' || report.class === 'interrupted') return line;
    const cause = this.#count(report);
    const users = `         used by ${containers.join(', ')}\n`;
    if (cause.images > 1) return `${line}         ${report.class}, as ${cause.first.image}\n${users}`;
    return `${line}         ${error}\n${hint && `         ${hint}\n`}${users}`;
  }

  /** How many images there were, what became of them, and the causes that more than one failure has. */
  summary(report: SummaryReport): string {
    const { expected, copied, skipped, present, failed, interrupted = 0, artifacts } = report;
    const counts = [
      copied !== undefined && `${copied} copied`,
      skipped !== undefined && `${skipped} skipped, already in the registry`,
      present !== undefined && `${present} present`,
      `${failed - interrupted} failed`,
      interrupted > 0 && `${interrupted} not done because the run was interrupted`,
    ];
    const causes = [...this.#causes.values()]
      .filter(({ images }) => images > 1)
      .sort((a, b) => b.images - a.images)
      .map(({ first, images }) => {
        const hint = first.hint ? `  ${first.hint}\n` : '';
        return `\n${images} images failed for the same reason: ${first.class}\n  ${first.error ?? ''}\n${hint}`;
      });
    const more = artifacts ? `${describeArtifacts(artifacts)}\n` : '';
    return `${countImages(expected)}: ${counts.filter(Boolean).join(', ')}\n${more}${causes.join('')}`;
  }

  /** The errors of two images differ in their names; class and hint are the same if the cause is. */
  #count(report: ImageReport): Cause {
    const key = JSON.stringify([report.class, report.hint, report.class ? '' : report.error]);
    const cause = this.#causes.get(key) ?? { first: report, images: 0 };
    cause.images += 1;
    this.#causes.set(key, cause);
    return cause;
  }
}

/** `6 artifacts: 2 copied, 4 skipped, already in the registry`. */
function describeArtifacts({ expected, copied, skipped, present, failed }: ArtifactsReport): string {
  const counts = [
    copied && `${copied} copied`,
    skipped && `${skipped} skipped, already in the registry`,
    present && `${present} present`,
    failed && `${failed} missing`,
  ];
  return `${count(expected, 'artifact')}: ${counts.filter(Boolean).join(', ')}`;
}

function countImages(number: number): string {
  return count(number, 'image');
}
