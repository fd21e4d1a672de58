/**
 * Parses JSON of unknown origin.
 *
 * @returns undefined if it is not JSON, for a schema that reports what is wrong
 */
export function parseJson(text: Buffer | string): unknown {
  try {
    return JSON.parse(text.toString());
  } catch {
    return undefined;
  }
}
