/**
 * Signatures, attestations and SBOMs, of one image or of all: expected = copied + skipped + failed, in verify mode present +
 * failed.
 */
export interface ArtifactsReport {
  readonly expected: number;
  readonly copied?: number;
  readonly skipped?: number;
  readonly present?: number;
  readonly failed: number;
}

/** What a script reports of one image, as one line of JSON. */
export interface ImageReport {
  readonly image: string;
  /** `present` instead of `skipped` in verify mode, where nothing is copied. */
  readonly result: 'copied' | 'skipped' | 'present' | 'failed';
  readonly containers: readonly string[];
  /** Left out if the plan has none for the image. */
  readonly artifacts?: ArtifactsReport;
  /** What kind of failure it is: a class of docs/reference/mirror-faults.md. */
  readonly class?: string;
  /** Why it failed. */
  readonly error?: string;
  /** What to do about the failure. */
  readonly hint?: string;
}

/** The last line of the report: expected = copied + skipped + failed, in verify mode present + failed. */
export interface SummaryReport {
  readonly expected: number;
  readonly copied?: number;
  readonly skipped?: number;
  readonly present?: number;
  readonly failed: number;
  /** Those of the failed that the run had no time for; left out when there are none. */
  readonly interrupted?: number;
  /** Of all images. Left out if the plan has none. */
  readonly artifacts?: ArtifactsReport;
}

/** Reads a line of the report of mirror.sh or load.sh; undefined for any other line. */
export function parseReport(line: string): ImageReport | SummaryReport | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if ('result' in value && 'image' in value) return value as ImageReport;
  return 'expected' in value && 'failed' in value ? (value as SummaryReport) : undefined;
}
