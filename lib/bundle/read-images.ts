import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Artifact } from '../digests/artifacts.ts';
import { type ImageReference, repositoryName } from '../image/reference.ts';
import type { Relocation } from '../plan/model.ts';
import type { RegistryClient } from '../registry/client.ts';
import { RegistryError } from '../registry/error.ts';
import { mapBounded } from '../registry/map-bounded.ts';
import { hexOf, type ImageContents, type ManifestSource, readContents } from './contents.ts';
import { BLOBS } from './folder.ts';
import { LIMITS } from './limits.ts';

/** An image of the plan, with everything that its source says of it. */
export interface FoundImage extends ImageContents {
  readonly relocation: Relocation;
  readonly source: ImageReference;
  readonly artifacts: readonly FoundArtifact[];
}

/** A signature, attestation or the like. */
export interface FoundArtifact extends ImageContents {
  readonly artifact: Artifact;
}

/** An image that could not be had. */
export interface BundleFailure {
  readonly relocation: Relocation;
  readonly reason: string;
}

export interface ReadImagesOptions {
  readonly client: RegistryClient;
  /** The folder of the bundle: every manifest is kept there. */
  readonly output: string;
  readonly connections: number;
  readonly onProgress: (text: string) => void;
}

/** Reads the manifests of images and of their artifacts; notes those that cannot be had. */
export async function readImages(
  relocations: readonly Relocation[],
  { client, output, connections, onProgress }: ReadImagesOptions,
): Promise<{ found: FoundImage[]; failures: BundleFailure[] }> {
  const manifests = keeping(client, output);
  const failures: BundleFailure[] = [];
  let read = 0;
  const found = await mapBounded(relocations, connections, async (relocation) => {
    const { source: from, target } = relocation;
    if (!from) return undefined;
    // The digest that the tag is to have at the target is that of the source.
    const source = { ...from, ...(target.digest && { digest: target.digest }) };
    const image = await attempt(failures, relocation, () => readImage(source, relocation, manifests));
    onProgress(`${++read} of ${relocations.length} images read`);
    return image;
  });
  return { found: found.flatMap((it) => it ?? []), failures };
}

/** Notes what a registry refuses, so that all of it can be reported at once. */
export async function attempt<T>(
  failures: BundleFailure[],
  relocation: Relocation,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    failures.push({ relocation, reason: error.message });
    return undefined;
  }
}

async function readImage(
  source: ImageReference,
  relocation: Relocation,
  manifests: ManifestSource,
): Promise<FoundImage> {
  const image = await readContents(source, manifests, relocation.platforms);
  if (!image) throw broken(source, `there is no ${source.digest ?? source.tag}`);
  const subjects = new Set([
    image.root.digest,
    ...image.manifests.map(({ digest }) => digest),
    ...image.omitted.map(({ hex }) => `sha256:${hex}`),
  ]);
  const artifacts: FoundArtifact[] = [];
  for (const artifact of relocation.artifacts ?? []) {
    artifacts.push(await readArtifact(source, artifact, manifests, subjects));
    subjects.add(artifact.digest);
  }
  return { ...image, relocation, source, artifacts };
}

const LOCK_AGAIN = 'run ess-airgap lock again';

/** @param subjects what an artifact of the image can belong to */
async function readArtifact(
  source: ImageReference,
  artifact: Artifact,
  manifests: ManifestSource,
  subjects: ReadonlySet<string>,
): Promise<FoundArtifact> {
  const { digest, size, subject } = artifact;
  if (!subjects.has(subject)) {
    throw broken(
      source,
      `the artifact ${digest} belongs to ${subject}, which the image does not have; ${LOCK_AGAIN}`,
    );
  }
  const contents = await readContents({ ...source, digest }, manifests);
  if (!contents) throw broken(source, `there is no artifact ${digest} any more; ${LOCK_AGAIN}`);
  const found = contents.root.bytes.length;
  if (found !== size) {
    throw broken(
      source,
      `the artifact ${digest} has ${found} bytes; the digests file says ${size}; ${LOCK_AGAIN}`,
    );
  }
  return { ...contents, artifact };
}

/** Keeps every manifest as a file: another run does not ask for it again, and some sources count requests. */
function keeping(client: RegistryClient, output: string): ManifestSource {
  const fileOf = (digest: string): string => join(output, BLOBS, hexOf(digest));
  const isThere = (digest: string): boolean => {
    const stat = statSync(fileOf(digest), { throwIfNoEntry: false });
    return stat?.isFile() === true && stat.size <= LIMITS.manifestBytes;
  };
  return {
    async manifest(image, reference) {
      if (reference.startsWith('sha256:') && isThere(reference)) {
        const bytes = readFileSync(fileOf(reference));
        const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
        if (digest === reference) return { digest, bytes };
      }
      const manifest = await client.manifest(image, reference);
      if (manifest) writeFileSync(fileOf(manifest.digest), manifest.bytes);
      return manifest;
    },
  };
}

function broken(image: ImageReference, why: string): RegistryError {
  return new RegistryError('unexpected', `${repositoryName(image)}: ${why}`);
}
