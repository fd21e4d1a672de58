import { gzipSync } from 'node:zlib';

export interface TarEntry {
  readonly path: string;
  readonly data?: string | Buffer;
  /** '0' is a regular file, '2' a symbolic link, 'x' a pax header. Default: '0'. */
  readonly type?: string;
}

/** A ustar archive, by root and from the epoch. */
export function makeTar(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ path, data = '', type = '0' }) => {
    const bytes = Buffer.from(data);
    const header = Buffer.alloc(512);
    const octal = (value: number, width: number) => value.toString(8).padStart(width - 1, '0');
    header.write(path, 0, 100);
    header.write(octal(0o644, 8), 100);
    header.write(octal(bytes.length, 12), 124);
    header.write(octal(0, 12), 136);
    header.write(`        ${type}`, 148);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${octal(sum, 7)}\0 `, 148);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** The same as helm package writes it. */
export function makeTgz(entries: readonly TarEntry[]): Buffer {
  return gzipSync(makeTar(entries));
}
