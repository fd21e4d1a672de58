import { decodeText, readTextFile } from '../input/file.ts';
import { InputError } from '../input/problem.ts';

/** kubectl prints about 50 MiB for a cluster with a thousand pods. */
const MAX_BYTES = 128 * 1024 * 1024;

/**
 * Reads a file, or standard input if its name is `-`.
 *
 * @throws InputError if it is too large, is not UTF-8 text, or cannot be read
 */
export async function readInput(file: string, what: string): Promise<string> {
  if (file !== '-') return readTextFile(file, what, {}, MAX_BYTES);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) {
      throw new InputError([
        { message: `standard input has more than ${MAX_BYTES} bytes; expected ${what}` },
      ]);
    }
    chunks.push(chunk);
  }
  return decodeText(Buffer.concat(chunks), 'standard input', what);
}
