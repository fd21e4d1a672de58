import { repositoryName } from '../../image/reference.ts';
import type { Verdict } from '../../registry/verify.ts';
import type { Terminal } from '../terminal.ts';

const RESULTS = ['present', 'missing', 'different', 'unknown'] as const;

/** What is not there, image by image with the containers that need it, and how many are. */
export function formatVerdicts(server: string, verdicts: readonly Verdict[], { colors }: Terminal): string {
  const paint = { present: colors.green, missing: colors.red, different: colors.red, unknown: colors.yellow };
  const blocks = verdicts
    .filter(({ result }) => result !== 'present')
    .map((verdict) => {
      const { image, result, containers } = verdict;
      return [
        `${paint[result](result.padEnd(9))}  ${repositoryName(image)}:${image.tag}`,
        ...detail(verdict).map((line) => `${' '.repeat(11)}${line}`),
        `${' '.repeat(11)}used by ${containers.join(', ')}`,
      ].join('\n');
    });
  const numbers = count(verdicts);
  const bad = RESULTS.filter((result) => result !== 'present' && numbers[result] > 0);
  const summary = `${server}: ${[`${numbers.present} of ${verdicts.length} images are there`, ...bad.map((result) => `${numbers[result]} ${result}`)].join(', ')}`;
  return `${[...blocks, summary].join('\n')}\n`;
}

function detail({ image, result, found, byDigest, reason }: Verdict): string[] {
  const lines = [];
  if (image.digest) lines.push(`expected ${image.digest}`);
  if (result === 'different') lines.push(`found    ${found}`);
  if (byDigest) {
    lines.push(
      'by its digest it is there: nodes can pull it, until garbage collection takes what no tag names',
    );
  }
  if (reason) lines.push(reason);
  return lines;
}

/** The same for scripts: every image, in the order of the plan. */
export function verdictsAsJson(server: string, verdicts: readonly Verdict[]): string {
  const images = verdicts.map(({ image, result, found, byDigest, reason, containers }) => ({
    image: `${repositoryName(image)}:${image.tag}`,
    ...(image.digest && { digest: image.digest }),
    result,
    ...(found && { found }),
    ...(byDigest !== undefined && { byDigest }),
    ...(reason && { reason }),
    containers,
  }));
  return `${JSON.stringify({ server, expected: verdicts.length, ...count(verdicts), images }, null, 2)}\n`;
}

function count(verdicts: readonly Verdict[]): Record<Verdict['result'], number> {
  const numbers = { present: 0, missing: 0, different: 0, unknown: 0 };
  for (const { result } of verdicts) numbers[result] += 1;
  return numbers;
}
