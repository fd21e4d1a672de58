import { createCipheriv, createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type Access, ask, expectStatus } from './registry.ts';

/** A layer is its seed and its size: two images that name the same ones share the blob. */
export interface LayerSpec {
  seed: string;
  /** Bytes of the one file in it, which do not compress. */
  size: number;
  /** Another content for each architecture, as in most real images. */
  perArchitecture?: boolean;
}

export interface ImageSpec {
  /** Goes into the configuration: two images of different names have different digests. */
  name: string;
  architectures?: string[];
  mediaTypes?: 'oci' | 'docker';
  layers?: LayerSpec[];
  /** Whether an index stands above the manifests; left out, where there is more than one architecture. */
  index?: boolean;
}

/** Bytes that a registry keeps, under the digest of just these bytes. */
export interface Content {
  digest: string;
  mediaType: string;
  size: number;
  data: Buffer;
}

export interface Image extends Content {
  name: string;
  /** The manifests below the index, one an architecture; for an image without index the image itself. */
  manifests: Content[];
  /** Configurations and layers, each once. */
  blobs: Content[];
}

const mediaTypes = {
  oci: {
    index: 'application/vnd.oci.image.index.v1+json',
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  },
  docker: {
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  },
};

/** Makes an image in memory; the same spec gives the same bytes. */
export function makeImage(spec: ImageSpec): Image {
  const { name, architectures = ['amd64', 'arm64'], layers = [{ seed: 'base', size: 1024 }] } = spec;
  const { index = architectures.length > 1 } = spec;
  if (architectures.length === 0 || (!index && architectures.length > 1)) {
    throw new Error(`${name}: ${architectures.length} architectures, but ${index ? 'an' : 'no'} index`);
  }
  const types = mediaTypes[spec.mediaTypes ?? 'oci'];
  const blobs = new Map<string, Content>();

  const manifests = architectures.map((architecture) => {
    const filesystem = layers.map((layer) => makeLayer(layer, architecture, types.layer));
    const config = content(types.config, {
      architecture,
      os: 'linux',
      created: '1970-01-01T00:00:00Z',
      config: { Labels: { 'org.opencontainers.image.title': name } },
      rootfs: { type: 'layers', diff_ids: filesystem.map(({ diffId }) => diffId) },
      history: filesystem.map(() => ({ created: '1970-01-01T00:00:00Z', created_by: name })),
    });
    const parts = filesystem.map(({ layer }) => layer);
    for (const blob of [config, ...parts]) blobs.set(blob.digest, blob);
    return content(types.manifest, {
      schemaVersion: 2,
      mediaType: types.manifest,
      config: descriptor(config),
      layers: parts.map(descriptor),
    });
  });

  const top = index
    ? content(types.index, {
        schemaVersion: 2,
        mediaType: types.index,
        manifests: manifests.map((manifest, at) => ({
          ...descriptor(manifest),
          platform: { architecture: architectures[at], os: 'linux' },
        })),
      })
    : (manifests[0] as Content);
  return { ...top, name, manifests, blobs: [...blobs.values()] };
}

function makeLayer({ seed, size, perArchitecture }: LayerSpec, architecture: string, mediaType: string) {
  const key = createHash('sha256')
    .update(perArchitecture ? `${seed}/${architecture}` : seed)
    .digest();
  const noise = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
  const tar = tarOf(`layer-${seed.replace(/[^\w.-]/g, '_').slice(0, 80)}`, noise);
  return { diffId: sha256(tar), layer: content(mediaType, gzipSync(tar, { level: 1 })) };
}

/** A ustar archive of one file, by root and from the epoch. */
function tarOf(name: string, data: Buffer): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, width: number) => value.toString(8).padStart(width - 1, '0');
  header.write(name, 0);
  header.write(octal(0o644, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(data.length, 12), 124);
  header.write(octal(0, 12), 136);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 7)}\0 `, 148);
  return Buffer.concat([header, data, Buffer.alloc(((512 - (data.length % 512)) % 512) + 1024)]);
}

/** An OCI artifact that refers to a manifest: a signature, an SBOM (OCI image specification 1.1). */
export function makeReferrer(subject: Content, artifactType: string, payload: string): Image {
  return makeArtifact({
    subject,
    artifactType,
    config: 'application/vnd.oci.empty.v1+json',
    layers: [{ mediaType: artifactType, data: payload }],
  });
}

export interface ArtifactSpec {
  /** The media type of the empty configuration. */
  config: string;
  layers: readonly {
    mediaType: string;
    data: string;
    annotations?: Readonly<Record<string, string>>;
  }[];
  subject?: Content;
  artifactType?: string;
  annotations?: Readonly<Record<string, string>>;
}

/** A manifest that is not an image. */
export function makeArtifact({
  config: type,
  layers,
  subject,
  artifactType,
  annotations,
}: ArtifactSpec): Image {
  const config = content(type, {});
  const blobs = layers.map((layer) => ({ layer, blob: content(layer.mediaType, Buffer.from(layer.data)) }));
  const manifest = content(mediaTypes.oci.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.oci.manifest,
    ...(artifactType && { artifactType }),
    config: descriptor(config),
    layers: blobs.map(({ layer, blob }) => ({
      ...descriptor(blob),
      ...(layer.annotations && { annotations: layer.annotations }),
    })),
    ...(subject && { subject: descriptor(subject) }),
    ...(annotations && { annotations }),
  });
  return {
    ...manifest,
    name: artifactType ?? 'artifact',
    manifests: [],
    blobs: [config, ...blobs.map(({ blob }) => blob)],
  };
}

/** The index at the fallback tag of a digest, in a registry without the referrers API. */
export function makeReferrersIndex(referrers: readonly Image[]): Image {
  const index = content(mediaTypes.oci.index, {
    schemaVersion: 2,
    mediaType: mediaTypes.oci.index,
    manifests: referrers.map((referrer) => ({ ...descriptor(referrer), artifactType: referrer.name })),
  });
  return { ...index, name: 'referrers', manifests: [], blobs: [] };
}

function content(mediaType: string, value: Buffer | object): Content {
  const data = Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value));
  return { digest: sha256(data), mediaType, size: data.length, data };
}

const sha256 = (data: Buffer) => `sha256:${createHash('sha256').update(data).digest('hex')}`;

const descriptor = ({ mediaType, digest, size }: Content) => ({ mediaType, digest, size });

/**
 * Uploads an image as it is through the registry's API, so that its digest there is the one computed here.
 * Without a tag it is there by its digest alone.
 */
export async function pushImage(
  server: string,
  repository: string,
  tag: string | undefined,
  image: Image,
  access: Access = {},
): Promise<{ digest: string; mediaType: string; size: number }> {
  for (const blob of image.blobs) await pushBlob(server, repository, blob, access);
  for (const manifest of image.manifests) {
    await pushManifest(server, repository, manifest.digest, manifest, access);
  }
  await pushManifest(server, repository, tag ?? image.digest, image, access);
  return descriptor(image);
}

async function pushBlob(server: string, repository: string, { digest, data }: Content, access: Access) {
  const there = await ask('HEAD', server, `/v2/${repository}/blobs/${digest}`, access);
  if (there.status === 200) return;
  const start = await ask('POST', server, `/v2/${repository}/blobs/uploads/`, access);
  expectStatus(start, 202, `upload to ${repository}`);
  const place = new URL(start.headers.location ?? '', `http://${server}`);
  place.searchParams.set('digest', digest);
  const answer = await ask('PUT', server, place.pathname + place.search, access, {
    headers: { 'content-type': 'application/octet-stream' },
    body: data,
  });
  expectStatus(answer, 201, `blob ${repository}@${digest}`);
}

async function pushManifest(
  server: string,
  repository: string,
  reference: string,
  { digest, mediaType, data }: Content,
  access: Access,
) {
  const answer = await ask('PUT', server, `/v2/${repository}/manifests/${reference}`, access, {
    headers: { 'content-type': mediaType },
    body: data,
  });
  expectStatus(answer, 201, `manifest ${repository}:${reference}`);
  const stored = answer.headers['docker-content-digest'];
  if (stored !== digest)
    throw new Error(`${repository}:${reference} was stored as ${stored}, not as ${digest}`);
}
