import { repositoryName } from '../image/reference.ts';
import { discard, type HttpResponse } from './body.ts';
import { RegistryError } from './error.ts';
import type { Deadline } from './limits.ts';
import type { Repository, Transport } from './transport.ts';

const PUSH = { actions: 'pull,push' } as const;

/** Starts an upload and cancels it (OCI distribution specification, "Pushing blobs"); see `RegistryClient.tryUpload`. */
export async function tryUpload(
  transport: Transport,
  image: Repository,
  deadline: Deadline,
): Promise<{ cancelled: boolean }> {
  const place = await startUpload(transport, image, deadline);
  if (place === undefined) return { cancelled: false };
  try {
    const response = await transport.send(image, place, deadline, { ...PUSH, method: 'DELETE' });
    await discard(response);
    return { cancelled: response.statusCode < 300 };
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return { cancelled: false };
  }
}

/** @returns the path of the upload, if it is on the same server */
async function startUpload(
  transport: Transport,
  image: Repository,
  deadline: Deadline,
): Promise<string | undefined> {
  const response = await transport.send(image, 'blobs/uploads/', deadline, { ...PUSH, method: 'POST' });
  if (response.statusCode !== 202)
    throw await transport.unexpected(response, image.registry, repositoryName(image));
  await discard(response);
  return pathOf(response, image);
}

function pathOf({ headers: { location } }: HttpResponse, image: Repository): string | undefined {
  const base = `https://${image.registry}/v2/${image.repository}/blobs/uploads/`;
  if (typeof location !== 'string' || !URL.canParse(location, base)) return undefined;
  const { hostname, pathname, search } = new URL(location, base);
  return hostname === new URL(base).hostname ? `${pathname}${search}` : undefined;
}
