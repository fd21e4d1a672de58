import { gunzipSync } from 'node:zlib';
import { InputError, startOf } from '../input/problem.ts';
import { quote } from '../input/quote.ts';

// Packaged charts come from the internet. Only named files are read from an archive, into memory and never to disk,
// so no path in it can escape a folder. A library would add links, permissions and extraction, which are not needed
// here.

/** The limit of Helm for an unpacked chart. Known charts have less than 2 MiB. */
const MAX_UNPACKED_BYTES = 100 * 1024 * 1024;
const BLOCK = 512;

/**
 * Reads files from a packaged chart, a tar archive compressed with gzip.
 *
 * @param wanted paths below the chart's folder, such as `Chart.yaml`
 * @param file path of the archive, for messages
 * @returns the files that were found, and the names directly below `charts/`, which are dependencies
 * @throws InputError if it is not such an archive, is too large, or has entries that no packaged chart has
 */
export function readChartArchive(
  bytes: Buffer,
  wanted: readonly string[],
  file: string,
): { files: Map<string, Buffer>; dependencies: string[] } {
  const wrong = (message: string): InputError =>
    new InputError([
      {
        place: startOf(file),
        message: `${message}; expected a chart archive as helm package or helm pull writes it`,
      },
    ]);
  const tar = unpack(bytes, wrong);
  const files = new Map<string, Buffer>();
  const dependencies = new Set<string>();
  for (const { path, type, data } of entriesOf(tar, wrong)) {
    if (path.startsWith('/') || path.includes('\\') || path.split('/').includes('..')) {
      throw wrong(`the archive has an entry outside the chart's folder, ${quote(path)}`);
    }
    const inside = path
      .split('/')
      .filter((step) => step !== '.' && step !== '')
      .slice(1)
      .join('/');
    const dependency = /^charts\/([^/]+)/.exec(inside)?.[1];
    if (dependency) dependencies.add(dependency);
    if (!wanted.includes(inside)) continue;
    if (type !== 'file') throw wrong(`${inside} in the archive is not a regular file`);
    if (files.has(inside)) throw wrong(`the archive has ${inside} twice`);
    files.set(inside, data);
  }
  return { files, dependencies: [...dependencies].sort() };
}

function unpack(bytes: Buffer, wrong: (message: string) => InputError): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw wrong(`the archive unpacks to more than ${MAX_UNPACKED_BYTES} bytes`);
    if (code.startsWith('Z_')) throw wrong('the file is not a complete gzip archive');
    throw error;
  }
}

interface TarEntry {
  readonly path: string;
  readonly type: 'file' | 'other';
  readonly data: Buffer;
}

/**
 * Reads the entries of a tar archive: POSIX ustar with pax headers, and GNU's long names (pubs.opengroup.org, pax).
 */
function* entriesOf(tar: Buffer, wrong: (message: string) => InputError): Generator<TarEntry> {
  let path: string | undefined;
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const header = tar.subarray(at, at + BLOCK);
    // Two blocks of zeros mark the end.
    if (header.every((byte) => byte === 0)) return;
    if (!hasRightSum(header)) throw wrong('the archive is damaged: the checksum of a header is wrong');
    const size = octal(header, 124, 12);
    if (size === undefined || at + BLOCK + size > tar.length) throw wrong('the archive is cut off');
    const data = tar.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    switch (String.fromCharCode(header[156] ?? 0)) {
      case 'g':
        continue;
      case 'x':
        path = readPax(data, wrong).get('path') ?? path;
        continue;
      case 'L':
        path = text(data, 0, data.length);
        continue;
      case '0':
      case '\0':
        yield { path: path ?? pathOf(header), type: 'file', data };
        break;
      default:
        yield { path: path ?? pathOf(header), type: 'other', data };
    }
    path = undefined;
  }
  throw wrong('the archive is cut off');
}

function pathOf(header: Buffer): string {
  const isUstar = header.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isUstar ? text(header, 345, 155) : '';
  return `${prefix ? `${prefix}/` : ''}${text(header, 0, 100)}`;
}

function text(buffer: Buffer, from: number, length: number): string {
  const field = buffer.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

function octal(buffer: Buffer, from: number, length: number): number | undefined {
  const digits = text(buffer, from, length).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

function hasRightSum(header: Buffer): boolean {
  let sum = 0;
  for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? 0x20 : (header[at] ?? 0);
  return octal(header, 148, 8) === sum;
}

/** Reads the keys of a pax header: lines of `LENGTH KEY=VALUE`. */
function readPax(data: Buffer, wrong: (message: string) => InputError): Map<string, string> {
  const values = new Map<string, string>();
  for (let at = 0; at < data.length; ) {
    const length = Number(/^(\d{1,9}) /.exec(data.toString('latin1', at, at + 12))?.[1] ?? 0);
    const record = data.toString('utf8', at, at + length);
    const match = /^\d+ ([^=]+)=([\s\S]*)\n$/.exec(record);
    if (!match) throw wrong('a pax header is not valid');
    values.set(match[1] ?? '', match[2] ?? '');
    at += length;
  }
  // A size is here only if it is too large for the field of the header.
  if (values.has('size')) throw wrong('the archive has an entry of more than 8 GiB');
  return values;
}
