import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { repositoryName } from '../image/reference.ts';
import { discard, type HttpResponse } from './body.ts';
import { RegistryError } from './error.ts';
import type { Deadline } from './limits.ts';
import type { Repository, Transport } from './transport.ts';

// The little that is pushed here only finds out whether skopeo will be able to (OCI distribution specification,
// "Pushing blobs").

const PUSH = { actions: 'pull,push' } as const;
const DELETE = { actions: 'pull,push,delete', method: 'DELETE' } as const;

/** Starts an upload and cancels it; see `RegistryClient.tryUpload`. */
export async function tryUpload(
  transport: Transport,
  image: Repository,
  deadline: Deadline,
): Promise<{ cancelled: boolean }> {
  const place = await startUpload(transport, image, deadline);
  if (place === undefined) return { cancelled: false };
  return { cancelled: await removed(transport.send(image, place, deadline, { ...PUSH, method: 'DELETE' })) };
}

export interface ProbeOptions {
  readonly tag: string;
  readonly sparseIndex: boolean;
}

export interface ProbedPush {
  /** Why the registry refuses an index of which a manifest is missing; left out if it accepts it or was not asked. */
  readonly sparseRefused?: string;
  /** Whether the test image is gone again. */
  readonly deleted: boolean;
}

/** Pushes a test image and deletes it; see `RegistryClient.probePush`. */
export async function probePush(
  transport: Transport,
  image: Repository,
  deadline: Deadline,
  { tag, sparseIndex }: ProbeOptions,
): Promise<ProbedPush> {
  const layer = gzipSync(Buffer.alloc(1024));
  const config = json({
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [digestOf(Buffer.alloc(1024))] },
  });
  for (const blob of [config, layer]) await pushBlob(transport, image, deadline, blob);
  const manifest = json({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...sizeAndDigest(config) },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...sizeAndDigest(layer) }],
  });
  await putManifest(transport, image, deadline, sparseIndex ? digestOf(manifest) : tag, manifest, MANIFEST);
  const pushed = [digestOf(manifest)];
  let sparseRefused: string | undefined;
  if (sparseIndex) {
    const absent = { mediaType: MANIFEST, digest: digestOf(Buffer.from(tag)), size: 500 };
    const index = json({
      schemaVersion: 2,
      mediaType: INDEX,
      manifests: [
        { mediaType: MANIFEST, ...sizeAndDigest(manifest), platform: { architecture: 'amd64', os: 'linux' } },
        { ...absent, platform: { architecture: 'arm64', os: 'linux' } },
      ],
    });
    try {
      await putManifest(transport, image, deadline, tag, index, INDEX);
      pushed.unshift(digestOf(index));
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      sparseRefused = error.message;
    }
  }
  let deleted = true;
  for (const digest of pushed) {
    deleted = (await removed(transport.send(image, `manifests/${digest}`, deadline, DELETE))) && deleted;
  }
  return { deleted, ...(sparseRefused !== undefined && { sparseRefused }) };
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';

async function removed(request: Promise<HttpResponse>): Promise<boolean> {
  try {
    const response = await request;
    await discard(response);
    return response.statusCode < 300 || response.statusCode === 404;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return false;
  }
}

async function pushBlob(
  transport: Transport,
  image: Repository,
  deadline: Deadline,
  bytes: Buffer,
): Promise<void> {
  const place = await startUpload(transport, image, deadline);
  if (place === undefined) {
    throw new RegistryError(
      'unexpected',
      `${repositoryName(image)}: the registry wants uploads on another server`,
    );
  }
  const url = new URL(place, 'http://registry.invalid');
  url.searchParams.set('digest', digestOf(bytes));
  const headers = { 'content-type': 'application/octet-stream' };
  const path = `${url.pathname}${url.search}`;
  const response = await transport.send(image, path, deadline, {
    ...PUSH,
    method: 'PUT',
    headers,
    body: bytes,
  });
  await expectCreated(transport, response, image);
}

async function putManifest(
  transport: Transport,
  image: Repository,
  deadline: Deadline,
  reference: string,
  bytes: Buffer,
  mediaType: string,
): Promise<void> {
  const headers = { 'content-type': mediaType };
  const path = `manifests/${reference}`;
  const response = await transport.send(image, path, deadline, {
    ...PUSH,
    method: 'PUT',
    headers,
    body: bytes,
  });
  await expectCreated(transport, response, image);
}

async function expectCreated(transport: Transport, response: HttpResponse, image: Repository): Promise<void> {
  if (response.statusCode !== 201) {
    throw await transport.unexpected(response, image.registry, repositoryName(image));
  }
  await discard(response);
}

/** @returns the path of the upload, if it is on the same server */
async function startUpload(
  transport: Transport,
  image: Repository,
  deadline: Deadline,
): Promise<string | undefined> {
  const response = await transport.send(image, 'blobs/uploads/', deadline, { ...PUSH, method: 'POST' });
  if (response.statusCode !== 202) {
    throw await transport.unexpected(response, image.registry, repositoryName(image));
  }
  await discard(response);
  return pathOf(response, image);
}

function pathOf({ headers: { location } }: HttpResponse, image: Repository): string | undefined {
  const base = `https://${image.registry}/v2/${image.repository}/blobs/uploads/`;
  if (typeof location !== 'string' || !URL.canParse(location, base)) return undefined;
  const { hostname, pathname, search } = new URL(location, base);
  return hostname === new URL(base).hostname ? `${pathname}${search}` : undefined;
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function sizeAndDigest(bytes: Buffer): { digest: string; size: number } {
  return { digest: digestOf(bytes), size: bytes.length };
}
