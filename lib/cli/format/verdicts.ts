import { repositoryName, shortDigest } from '../../image/reference.ts';
import type { Verdict } from '../../registry/verify.ts';
import type { VerdictWithArtifacts } from '../../registry/verify-artifacts.ts';
import type { Terminal } from '../terminal.ts';
import {
  artifactCases,
  artifactsInSummary,
  artifactVerdictsTable,
  artifactVerdictValues,
  countArtifactVerdicts,
} from './artifact-verdicts.ts';
import { formatJUnit, type JUnitCase } from './junit.ts';
import { formatTable } from './table.ts';

const RESULTS = ['present', 'missing', 'different', 'unknown'] as const;

/** The images that are not present with the containers that need them, the reasons of the unknown ones, and how many are present. */
export function verdictsTable(
  server: string,
  verdicts: readonly VerdictWithArtifacts[],
  terminal: Terminal,
): string {
  const absent = verdicts.filter(({ result }) => result !== 'present');
  const rows = absent.map(({ result, image, found, byDigest, containers }) => [
    result,
    `${repositoryName(image)}:${image.tag}`,
    image.digest ? shortDigest(image.digest) : '-',
    byDigest ? 'only by digest' : found ? shortDigest(found) : '-',
    containers.join(' '),
  ]);
  const table = formatTable(['RESULT', 'IMAGE', 'EXPECTED', 'FOUND', 'CONTAINERS'], rows, terminal);
  const notes = absent.some(({ byDigest }) => byDigest)
    ? [
        'only by digest: nodes can pull the image until garbage collection removes it, because no tag points to it\n',
      ]
    : [];
  const reasons = [...new Set(absent.flatMap(({ reason }) => (reason ? [`unknown: ${reason}\n`] : [])))];
  return [
    ...(absent.length > 0 ? [table, '\n', ...notes, ...reasons] : []),
    artifactVerdictsTable(verdicts, terminal),
    summary(server, verdicts),
  ].join('');
}

function summary(server: string, verdicts: readonly VerdictWithArtifacts[]): string {
  const { present, ...others } = count(verdicts);
  const bad = Object.entries(others).filter(([, number]) => number > 0);
  const counts = [
    `${present} of ${verdicts.length} images are present`,
    ...bad.map(([result, n]) => `${n} ${result}`),
  ];
  return `${server}: ${counts.join(', ')}${artifactsInSummary(verdicts)}\n`;
}

/** The same for scripts: every image, in the order of the plan, digests in full. */
export function verdictsValue(server: string, verdicts: readonly VerdictWithArtifacts[]): object {
  const images = verdicts.map(({ image, result, found, byDigest, reason, containers, artifacts }) => ({
    image: `${repositoryName(image)}:${image.tag}`,
    ...(image.digest && { digest: image.digest }),
    result,
    ...(found && { found }),
    ...(byDigest !== undefined && { byDigest }),
    ...(reason && { reason }),
    containers,
    ...(artifacts && { artifacts: artifactVerdictValues(artifacts) }),
  }));
  const artifacts = countArtifactVerdicts(verdicts);
  return {
    server,
    expected: verdicts.length,
    ...count(verdicts),
    ...(artifacts.expected > 0 && { artifacts }),
    images,
  };
}

/**
 * The same for what shows test results: a suite per server, a case per image and artifact; missing and different fail, unknown is an
 * error.
 */
export function verdictsJUnit(
  servers: readonly { readonly server: string; readonly verdicts: readonly VerdictWithArtifacts[] }[],
): string {
  return formatJUnit(
    servers.map(({ server, verdicts }) => ({
      name: `ess-airgap verify ${server}`,
      cases: casesOf(verdicts),
    })),
  );
}

function casesOf(verdicts: readonly VerdictWithArtifacts[]): JUnitCase[] {
  return verdicts.flatMap((verdict) => [imageCase(verdict), ...artifactCases(verdict)]);
}

function imageCase({ image, result, found, byDigest, reason = '', containers }: Verdict): JUnitCase {
  const name = `${repositoryName(image)}:${image.tag}`;
  const lines = [
    ...(image.digest ? [`expected: ${image.digest}`] : []),
    ...(found ? [`found: ${found}`] : []),
    ...(byDigest ? ['The registry has the image by its digest, until garbage collection removes it.'] : []),
    ...(reason ? [reason] : []),
    `containers: ${containers.join(' ')}`,
  ];
  const problem = { message: result, text: lines.join('\n') };
  if (result === 'present') return { name };
  return result === 'unknown' ? { name, error: problem } : { name, failure: problem };
}

function count(verdicts: readonly VerdictWithArtifacts[]): Record<Verdict['result'], number> {
  const numbers = Object.fromEntries(RESULTS.map((result) => [result, 0])) as Record<
    Verdict['result'],
    number
  >;
  for (const { result } of verdicts) numbers[result] += 1;
  return numbers;
}
