/** How many artifacts the plan has, and what the results say of them: expected = there + missing + unknown. */
export interface ArtifactEvidence {
  readonly expected: number;
  readonly there: number;
  readonly missing: number;
  readonly unknown: number;
}

/** Counts what verify said of the artifacts of one image; an artifact that is not listed is missing to clients. */
export function verifiedArtifacts(artifacts: readonly Record<string, unknown>[]): ArtifactEvidence {
  const number = (...wanted: unknown[]): number =>
    artifacts.filter(({ result }) => wanted.includes(result)).length;
  const [there, missing] = [number('present'), number('missing', 'different', 'unlisted')];
  return { expected: artifacts.length, there, missing, unknown: artifacts.length - there - missing };
}

/**
 * What is known of the artifacts of one image. Only results of the same plan count: they know as many artifacts. Asked
 * afterwards, the registry knows better than the run that copied.
 *
 * @param copied the counts that the run reported
 */
export function artifactsOf(
  expected: number,
  copied: Readonly<Record<string, number>> | undefined,
  verified: ArtifactEvidence | undefined,
): ArtifactEvidence {
  if (verified?.expected === expected && verified.unknown === 0) return verified;
  if (copied?.expected !== expected) return { expected, there: 0, missing: 0, unknown: expected };
  const { copied: number = 0, skipped = 0, present = 0, failed = 0 } = copied;
  return { expected, there: number + skipped + present, missing: failed, unknown: 0 };
}

/** The sum of what is known; undefined if there is nothing to sum up. */
export function sumOfArtifacts(all: readonly ArtifactEvidence[]): ArtifactEvidence | undefined {
  if (all.length === 0) return undefined;
  const sum = (key: keyof ArtifactEvidence) => all.reduce((total, one) => total + one[key], 0);
  return { expected: sum('expected'), there: sum('there'), missing: sum('missing'), unknown: sum('unknown') };
}
