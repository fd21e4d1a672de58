import { InputError } from '../input/problem.ts';

/** A file of a bundle, or a piece of one. */
export interface PartFile {
  /** Below the part's folder. */
  readonly path: string;
  readonly size: number;
  /** The file that it is cut out of, where it begins there, and its number among the pieces, from 1. */
  readonly piece?: { readonly of: string; readonly from: number; readonly number: number };
}

/** What one file adds to the part beside itself: its line in SHA256SUMS, with room to spare. */
const LINE_BYTES = 192;

/**
 * A size as people write it: `4GB`, `700MB`, `4GiB`, or bytes.
 *
 * @returns bytes, or undefined for a text that is none
 */
export function parseSize(text: string): number | undefined {
  const {
    number,
    unit = '',
    binary,
  } = /^(?<number>\d+(?:\.\d+)?)\s*(?:(?<unit>[KMGT])(?<binary>i)?B?|B)?$/i.exec(text.trim())?.groups ?? {};
  if (number === undefined) return undefined;
  const size = Math.floor(
    Number(number) * (binary ? 1024 : 1000) ** ' KMGT'.indexOf(unit.toUpperCase() || ' '),
  );
  return Number.isSafeInteger(size) && size > 0 ? size : undefined;
}

/** A size for people: `4.2 GB`. */
export function formatSize(bytes: number): string {
  const unit = bytes >= 1e9 ? 'GB' : bytes >= 1e6 ? 'MB' : 'kB';
  return `${(bytes / { GB: 1e9, MB: 1e6, kB: 1e3 }[unit]).toFixed(1)} ${unit}`;
}

/** Into how many pieces a file of this size is cut, so that each fits into a part. */
export function pieceCount(size: number, partSize: number): number {
  return Math.max(1, Math.ceil(size / largestPiece(partSize)));
}

function largestPiece(partSize: number): number {
  return Math.max(1, partSize - LINE_BYTES);
}

/**
 * Distributes files over parts of at most `partSize` bytes each; whole ones wherever they fit. The same files make the
 * same parts.
 *
 * @param first how many bytes the first part holds anyway
 * @throws InputError where that leaves no room
 */
export function distribute(files: readonly PartFile[], partSize: number, first: number): PartFile[][] {
  if (first >= partSize) {
    throw new InputError([
      { message: `parts of ${partSize} bytes are too small: the list of contents alone has ${first} bytes` },
    ]);
  }
  const pieces = files.flatMap((file) => cut(file, partSize));
  // The largest first: that leaves the least room unused.
  pieces.sort((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1));
  const parts: { left: number; files: PartFile[] }[] = [{ left: partSize - first, files: [] }];
  for (const piece of pieces) {
    let part = parts.find(({ left }) => left >= piece.size + LINE_BYTES);
    if (!part) {
      part = { left: partSize, files: [] };
      parts.push(part);
    }
    part.left -= piece.size + LINE_BYTES;
    part.files.push(piece);
  }
  return parts.map(({ files }) => files.sort((a, b) => (a.path < b.path ? -1 : 1)));
}

function cut(file: PartFile, partSize: number): PartFile[] {
  const count = pieceCount(file.size, partSize);
  if (count === 1) return [file];
  const length = largestPiece(partSize);
  return Array.from({ length: count }, (_, index) => ({
    path: pieceName(file.path, index + 1),
    size: Math.min(length, file.size - index * length),
    piece: { of: file.path, from: index * length, number: index + 1 },
  }));
}

/** The name of a piece until its digest is known. */
function pieceName(path: string, number: number): string {
  return `${path}.${number}`;
}
