/** What a script reports of one image, as one line of JSON. */
export interface ImageReport {
  readonly image: string;
  readonly result: 'copied' | 'skipped' | 'failed';
  readonly containers: readonly string[];
  /** Why it failed. */
  readonly error?: string;
}

/** The last line of the report: expected = copied + skipped + failed. */
export interface SummaryReport {
  readonly expected: number;
  readonly copied: number;
  readonly skipped: number;
  readonly failed: number;
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
