import type { Artifact } from '../../digests/artifacts.ts';
import { repositoryName, shortDigest } from '../../image/reference.ts';
import type { ArtifactVerdict, VerdictWithArtifacts } from '../../registry/verify-artifacts.ts';
import type { Terminal } from '../terminal.ts';
import type { JUnitCase } from './junit.ts';
import { formatTable } from './table.ts';

const RESULTS = ['present', 'missing', 'different', 'unlisted', 'unknown'] as const;

type Verdicts = readonly VerdictWithArtifacts[];

/** The artifacts that are not present with their images, and the reasons; empty if all are. */
export function artifactVerdictsTable(verdicts: Verdicts, terminal: Terminal): string {
  const absent = pairsOf(verdicts).filter(({ verdict }) => verdict.result !== 'present');
  if (absent.length === 0) return '';
  const rows = absent.map(({ image, verdict: { artifact, result, found } }) => [
    result,
    nameOf(artifact),
    `${repositoryName(image)}:${image.tag}`,
    shortDigest(artifact.digest),
    found ? shortDigest(found) : '-',
  ]);
  const table = formatTable(['RESULT', 'ARTIFACT', 'IMAGE', 'EXPECTED', 'FOUND'], rows, terminal);
  const reasons = new Set(
    absent.flatMap(({ verdict: { result, reason } }) => (reason ? [`${result}: ${reason}\n`] : [])),
  );
  return [table, '\n', ...reasons].join('');
}

/** `, 11 of 12 artifacts, 1 missing`: how many artifacts are present; empty if the plan has none. */
export function artifactsInSummary(verdicts: Verdicts): string {
  const { expected, present, ...others } = countArtifactVerdicts(verdicts);
  if (expected === 0) return '';
  const bad = Object.entries(others).filter(([, number]) => number > 0);
  return [
    `; ${present} of ${expected} artifacts present`,
    ...bad.map(([result, number]) => `, ${number} ${result}`),
  ].join('');
}

/** For scripts: the artifacts of one image, in the order of the plan. */
export function artifactVerdictValues(verdicts: readonly ArtifactVerdict[]): object[] {
  return verdicts.map(({ artifact, result, found, reason }) => ({
    digest: artifact.digest,
    subject: artifact.subject,
    ...(artifact.tag && { tag: artifact.tag }),
    ...(artifact.artifactType && { artifactType: artifact.artifactType }),
    result,
    ...(found && { found }),
    ...(reason && { reason }),
  }));
}

/** How many artifacts there are with each result. */
export function countArtifactVerdicts(
  verdicts: Verdicts,
): { readonly expected: number } & Record<ArtifactVerdict['result'], number> {
  const pairs = pairsOf(verdicts);
  const numbers = Object.fromEntries(
    RESULTS.map((result) => [result, pairs.filter(({ verdict }) => verdict.result === result).length]),
  ) as Record<ArtifactVerdict['result'], number>;
  return { expected: pairs.length, ...numbers };
}

/** A test case per artifact of one image. */
export function artifactCases({ image, artifacts = [] }: VerdictWithArtifacts): JUnitCase[] {
  return artifacts.map(({ artifact, result, found, reason = '' }): JUnitCase => {
    const name = `${repositoryName(image)}:${image.tag} ${nameOf(artifact)} ${artifact.tag ?? artifact.digest}`;
    const lines = [
      `expected: ${artifact.digest}`,
      `subject: ${artifact.subject}`,
      ...(found ? [`found: ${found}`] : []),
      ...(reason ? [reason] : []),
    ];
    const problem = { message: result, text: lines.join('\n') };
    if (result === 'present') return { name };
    return result === 'unknown' ? { name, error: problem } : { name, failure: problem };
  });
}

/** What an artifact is, in a word: the part of its tag, or its type. */
function nameOf({ tag, artifactType, mediaType }: Artifact): string {
  return tag?.split('.')[1] ?? artifactType ?? mediaType;
}

function pairsOf(verdicts: Verdicts) {
  return verdicts.flatMap(({ image, artifacts = [] }) => artifacts.map((verdict) => ({ image, verdict })));
}
