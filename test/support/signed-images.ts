import type { Artifact } from '../../lib/digests/artifacts.ts';
import { type Image, makeArtifact, makeImage, pushImage } from './images.ts';
import type { Access } from './registry.ts';

const EMPTY = 'application/vnd.oci.empty.v1+json';
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json';
const SPDX = 'application/spdx+json';

/** An image with everything that may belong to one, and what the lock says of it. */
export interface SignedImage {
  image: Image;
  /** The manifests of the artifacts, each with the tag that it has beside the image. */
  manifests: readonly { manifest: Image; tag?: string }[];
  artifacts: readonly Artifact[];
}

/**
 * Two platforms; a sigstore bundle and an SBOM that refer to the index, a bundle that refers to the SBOM, an attestation
 * of the first platform's manifest, and cosign 2's signature of the index and attestation of that manifest.
 *
 * @param only the kinds to make: referrers, tags of cosign 2. Default: both
 */
export function makeSignedImage(name: string, only?: 'referrers' | 'tags', index = true): SignedImage {
  const image = makeImage({
    name,
    architectures: index ? ['amd64', 'arm64'] : ['amd64'],
    layers: [{ seed: name, size: 3000, perArchitecture: true }],
  });
  const platform = image.manifests[0] ?? image;
  const refer = (subject: Image | typeof platform, artifactType: string, data: string) =>
    makeArtifact({
      config: EMPTY,
      subject,
      artifactType,
      layers: [{ mediaType: artifactType, data: `${data} of ${name}` }],
      // In the order of the lock.
      annotations: {
        'dev.example/note': `“${data}”`,
        'org.opencontainers.image.created': '2026-08-01T12:00:00Z',
      },
    });
  const signature = refer(image, BUNDLE, 'signature');
  const sbom = refer(image, SPDX, 'sbom');
  const referrers = [
    { manifest: signature, subject: image.digest },
    { manifest: sbom, subject: image.digest },
    { manifest: refer(sbom, BUNDLE, 'signature of the SBOM'), subject: sbom.digest },
    { manifest: refer(platform, BUNDLE, 'attestation'), subject: platform.digest, platform: 'linux/amd64' },
  ];
  const tags = [
    { manifest: makeCosignSignature(`signature of ${name}`), subject: image.digest, suffix: 'sig' },
    {
      manifest: makeCosignSignature(`attestation of ${name}`),
      subject: platform.digest,
      suffix: 'att',
      platform: 'linux/amd64',
    },
  ].map(({ suffix, ...rest }) => ({ ...rest, tag: `${rest.subject.replace(':', '-')}.${suffix}` }));
  const all = [...(only === 'tags' ? [] : referrers), ...(only === 'referrers' ? [] : tags)];
  return {
    image,
    manifests: all,
    artifacts: all.map(({ manifest, subject, ...more }) => ({
      digest: manifest.digest,
      subject,
      mediaType: manifest.mediaType,
      size: manifest.size,
      ...('tag' in more
        ? { tag: more.tag as string }
        : {
            artifactType: manifest.name,
            annotations: (JSON.parse(manifest.data.toString()) as { annotations: Record<string, string> })
              .annotations,
          }),
      ...(index && more.platform && { platform: more.platform }),
    })),
  };
}

/** A manifest as cosign 2 makes it: a layer per signature, whose annotation is the signature. */
export function makeCosignSignature(...payloads: string[]): Image {
  return makeArtifact({
    config: 'application/vnd.oci.image.config.v1+json',
    layers: payloads.map((data) => ({
      mediaType: SIMPLE_SIGNING,
      data,
      annotations: { 'dev.cosignproject.cosign/signature': Buffer.from(data).toString('base64') },
    })),
  });
}

/** Pushes the image as `repository:v1`, and its artifacts by digest and tag. */
export async function pushSignedImage(
  server: string,
  repository: string,
  { image, manifests }: SignedImage,
  access: Access = {},
): Promise<void> {
  await pushImage(server, repository, 'v1', image, access);
  for (const { manifest, tag } of manifests) await pushImage(server, repository, tag, manifest, access);
}
