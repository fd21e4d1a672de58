import { type Content, type Image, makeImage, makeReferrersIndex, pushImage } from './images.ts';
import {
  bundleArtifact,
  type SignOptions,
  signatureTag,
  simpleArtifact,
  type TestSigstore,
} from './sigstore.ts';

// Images in a registry without the referrers API, with signatures as cosign leaves them there.

/** Pushes an image of two platforms at the tag v1. */
export async function pushSignable(server: string, repository: string): Promise<Image> {
  const image = makeImage({ name: repository });
  await pushImage(server, repository, 'v1', image);
  return image;
}

/** Attaches artifacts to an image as cosign 3 and oras do: by digest, and an index at the fallback tag. */
export async function attach(
  server: string,
  repository: string,
  subject: Content,
  artifacts: readonly Image[],
): Promise<void> {
  for (const artifact of artifacts) await pushImage(server, repository, undefined, artifact);
  await pushImage(server, repository, subject.digest.replace(':', '-'), makeReferrersIndex(artifacts));
}

/** Signs an image as cosign 3 does, once per entry of `options`. */
export async function signBundle(
  { server, repository, image }: { server: string; repository: string; image: Image },
  sigstore: TestSigstore,
  ...options: readonly (SignOptions & { readonly digest?: string })[]
): Promise<Image[]> {
  const artifacts = await Promise.all(
    options.map(async ({ digest = image.digest, ...rest }) =>
      bundleArtifact(image, await sigstore.bundle(digest, rest)),
    ),
  );
  await attach(server, repository, image, artifacts);
  return artifacts;
}

/** Signs an image as cosign 2 does; the signatures are layers of one manifest at a tag. */
export async function signSimple(
  { server, repository, image }: { server: string; repository: string; image: Image },
  sigstore: TestSigstore,
  ...options: readonly (SignOptions & { readonly digest?: string })[]
): Promise<Image> {
  const signatures = await Promise.all(
    options.map(({ digest = image.digest, ...rest }) => sigstore.simple(digest, rest)),
  );
  const artifact = simpleArtifact(signatures);
  await pushImage(server, repository, signatureTag(image.digest), artifact);
  return artifact;
}
