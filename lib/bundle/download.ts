import { createHash, type Hash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ImageReference, repositoryName } from '../image/reference.ts';
import type { RegistryClient } from '../registry/client.ts';
import { RegistryError } from '../registry/error.ts';
import type { Blob } from './contents.ts';

/** How often a blob is begun or taken up again. */
const ATTEMPTS = 5;

/**
 * Downloads a blob into a file, which is there only once its bytes have been found to be those of the digest. What
 * breaks off is taken up where it ended, in this run or another.
 *
 * @param onBytes takes the number of bytes of each step forward
 * @throws RegistryError where the registry does not give it, or other bytes
 */
export async function download(
  client: Pick<RegistryClient, 'blob'>,
  image: ImageReference,
  { hex, size }: Blob,
  file: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  if (existsSync(file)) {
    onBytes(size);
    return;
  }
  const partial = `${file}.partial`;
  let counted = 0;
  const onLength = (length: number): void => {
    onBytes(length - counted);
    counted = length;
  };
  const name = `${repositoryName(image)} sha256:${hex}`;
  for (let attempt = 1; ; attempt++) {
    try {
      const sum = await append(client, image, { hex, size }, partial, onLength);
      if (sum === hex) break;
      await rm(partial, { force: true });
      onLength(0);
      // The file of an earlier run may have been something else; a fresh one may not.
      if (attempt > 1)
        throw new RegistryError(
          'unexpected',
          `${name}: the registry serves other bytes than its digest says`,
        );
    } catch (error) {
      if (!(error instanceof RegistryError) || error.kind !== 'interrupted') throw error;
      if (attempt === ATTEMPTS) {
        throw new RegistryError('interrupted', `${error.message} (${ATTEMPTS} times)`);
      }
      await sleep(500 * attempt);
    }
  }
  await rename(partial, file);
}

/** Appends to a file what it lacks, and gives the sum of all of it. */
async function append(
  client: Pick<RegistryClient, 'blob'>,
  image: ImageReference,
  { hex, size }: Pick<Blob, 'hex' | 'size'>,
  partial: string,
  onLength: (length: number) => void,
): Promise<string> {
  const there = existsSync(partial) ? statSync(partial).size : 0;
  const { bytes, from } = await client.blob(image, `sha256:${hex}`, { from: there < size ? there : 0, size });
  const hash = createHash('sha256');
  if (from > 0) await hashInto(hash, partial);
  const file = await open(partial, from > 0 ? 'a' : 'w');
  let length = from;
  try {
    for await (const chunk of bytes) {
      length += chunk.length;
      await file.write(chunk);
      hash.update(chunk);
      onLength(length);
    }
  } finally {
    await file.close();
  }
  return length === size ? hash.digest('hex') : '';
}

async function hashInto(hash: Hash, file: string): Promise<void> {
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
}
