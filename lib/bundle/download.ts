import { createHash, type Hash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ImageReference, repositoryName } from '../image/reference.ts';
import type { BlobStream, RegistryClient } from '../registry/client.ts';
import { RegistryError } from '../registry/error.ts';
import type { Blob } from './contents.ts';
import { hashInto, isWhole, openRegular } from './hash-file.ts';

/** How often a download is tried without getting any further. */
const ATTEMPTS = 5;
/** What counts as getting further: a server that sends less each time does not hold up a download for ever. */
const PROGRESS_BYTES = 1024 * 1024;

/**
 * Downloads a blob into a file that has its name only when its bytes are those of the digest. What an earlier run left is
 * hashed before it counts; an interrupted download continues where it stopped, in this run or the next.
 *
 * @param onBytes takes how many bytes of the blob are there more than before; fewer if some proved wrong
 * @throws RegistryError if the registry does not send the blob, or sends other bytes
 */
export async function download(
  client: Pick<RegistryClient, 'blob'>,
  image: ImageReference,
  blob: Pick<Blob, 'hex' | 'size'>,
  file: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  if (await isWhole(file, blob)) {
    onBytes(blob.size);
    return;
  }
  await rm(file, { force: true, recursive: true });
  const partial = `${file}.partial`;
  const name = `${repositoryName(image)} sha256:${blob.hex}`;
  let counted = 0;
  const onLength = (length: number): void => {
    onBytes(length - counted);
    counted = length;
  };
  let wrongBytes = 0;
  let best = 0;
  for (let attempt = 1; ; attempt++) {
    try {
      if (await append(client, image, blob, partial, onLength)) break;
      await rm(partial, { force: true });
      onLength(0);
      // The beginning that an earlier run left may have been wrong; the second time everything came from the registry.
      if (++wrongBytes === 2) {
        throw new RegistryError(
          'unexpected',
          `${name}: the registry sends bytes that do not have this digest`,
        );
      }
    } catch (error) {
      if (!(error instanceof RegistryError) || error.kind !== 'interrupted') throw error;
      if (counted >= best + PROGRESS_BYTES) {
        best = counted;
        attempt = 1;
      }
      if (attempt === ATTEMPTS) {
        throw new RegistryError(
          'interrupted',
          `${error.message}, ${ATTEMPTS} times; ${counted} of ${blob.size} bytes are there`,
        );
      }
      await sleep(500 * attempt);
    }
  }
  await rename(partial, file);
}

/**
 * Adds to a file what it lacks of a blob.
 *
 * @returns whether it is now the blob
 */
async function append(
  client: Pick<RegistryClient, 'blob'>,
  image: ImageReference,
  { hex, size }: Pick<Blob, 'hex' | 'size'>,
  partial: string,
  onLength: (length: number) => void,
): Promise<boolean> {
  // What is there is hashed before the registry is asked: meanwhile nobody would listen to the connection.
  const there = await hashPartial(partial, size);
  if (there.length === size && size > 0) return there.hash.digest('hex') === hex;
  const { bytes, from } = await ask(client, image, { hex, size }, there.length, partial);
  const hash = from > 0 ? there.hash : createHash('sha256');
  const file = await open(partial, from > 0 ? 'a' : 'w');
  let length = from;
  onLength(length);
  try {
    for await (const chunk of bytes) {
      length += chunk.length;
      await file.appendFile(chunk);
      hash.update(chunk);
      onLength(length);
    }
    // Full disks, and file systems over a network, may only say here that they did not keep it.
    await file.sync();
  } finally {
    await file.close();
  }
  return length === size && hash.digest('hex') === hex;
}

/** Asks for the rest of a blob; for all of it if the registry does not serve the rest. */
async function ask(
  client: Pick<RegistryClient, 'blob'>,
  image: ImageReference,
  { hex, size }: Pick<Blob, 'hex' | 'size'>,
  from: number,
  partial: string,
): Promise<BlobStream> {
  try {
    return await client.blob(image, `sha256:${hex}`, { from, size });
  } catch (error) {
    if (from === 0 || !(error instanceof RegistryError) || error.kind !== 'unexpected') throw error;
    await rm(partial, { force: true });
    return client.blob(image, `sha256:${hex}`, { size });
  }
}

/** The hash of what an interrupted download left, and how long that is; nothing if it cannot be a beginning. */
async function hashPartial(partial: string, size: number): Promise<{ hash: Hash; length: number }> {
  const hash = createHash('sha256');
  const opened = await openRegular(partial);
  if (typeof opened !== 'string') {
    try {
      if (opened.size <= size) return { hash, length: await hashInto(hash, opened.file, size) };
    } finally {
      await opened.file.close();
    }
  }
  await rm(partial, { force: true, recursive: true });
  return { hash, length: 0 };
}
