import { type Artifact, COSIGN_SUFFIXES, cosignTag, MAX_ARTIFACTS } from '../digests/artifacts.ts';
import { type ImageReference, repositoryName } from '../image/reference.ts';
import { RegistryError } from '../registry/error.ts';
import type { Referrers } from '../registry/referrers.ts';
import { readManifestFacts } from './manifest-facts.ts';

/** What the search for artifacts asks of a registry client. */
export interface ArtifactSource {
  digestOf(image: ImageReference, reference: string): Promise<string | undefined>;
  manifest(
    image: ImageReference,
    reference: string,
  ): Promise<{ readonly digest: string; readonly bytes: Buffer } | undefined>;
  referrers(image: ImageReference, digest: string): Promise<Referrers>;
}

/** What belongs to one digest directly. */
export interface SubjectArtifacts {
  /** Referrers by digest, then what cosign 2 keeps at tags. */
  readonly artifacts: readonly Artifact[];
  /** Digests that a list of referrers names and the registry does not have. */
  readonly gone: readonly string[];
}

/**
 * Asks a registry what belongs to one digest: its referrers, and the tags of cosign 2. What the registry says is checked:
 * a manifest has the digest by which it is named, and a referrer refers to the digest that was asked for.
 *
 * @throws RegistryError if the registry does not answer, or its answer cannot be used
 */
export async function readSubjectArtifacts(
  image: ImageReference,
  subject: string,
  source: ArtifactSource,
): Promise<SubjectArtifacts> {
  const { descriptors } = await source.referrers(image, subject);
  if (descriptors.length > MAX_ARTIFACTS) {
    throw unusable(image, subject, `has ${descriptors.length} referrers; expected ${MAX_ARTIFACTS} at most`);
  }
  const artifacts: Artifact[] = [];
  const gone: string[] = [];
  for (const listed of [...descriptors].sort((a, b) => (a.digest < b.digest ? -1 : 1))) {
    const artifact = await readReferrer(image, subject, listed, source);
    if (artifact) artifacts.push(artifact);
    else gone.push(listed.digest);
  }
  for (const suffix of COSIGN_SUFFIXES) {
    const artifact = await readTagged(image, subject, cosignTag(subject, suffix), source);
    if (artifact) artifacts.push(artifact);
  }
  return { artifacts, gone };
}

async function readReferrer(
  image: ImageReference,
  subject: string,
  listed: Referrers['descriptors'][number],
  source: ArtifactSource,
): Promise<Artifact | undefined> {
  const { digest } = listed;
  if (!digest.startsWith('sha256:')) throw unusable(image, digest, 'has a digest other than sha256');
  const manifest = await source.manifest(image, digest);
  if (!manifest) return undefined;
  const facts = readManifestFacts(manifest.bytes, listed.mediaType);
  if (typeof facts === 'string') throw unusable(image, digest, `${facts} (a referrer of ${subject})`);
  if (facts.subject !== subject) {
    const found = facts.subject === undefined ? 'nothing' : facts.subject;
    throw unusable(image, digest, `refers to ${found}, although the registry lists it for ${subject}`);
  }
  const { mediaType, artifactType, annotations } = facts;
  return {
    digest,
    subject,
    mediaType,
    size: manifest.bytes.length,
    ...(artifactType && { artifactType }),
    ...(annotations && { annotations }),
  };
}

async function readTagged(
  image: ImageReference,
  subject: string,
  tag: string,
  source: ArtifactSource,
): Promise<Artifact | undefined> {
  // HEAD does not count against the quota of Docker Hub, and mostly there is nothing.
  const digest = await source.digestOf(image, tag);
  if (digest === undefined) return undefined;
  if (!digest.startsWith('sha256:')) throw unusable(image, tag, 'has a digest other than sha256');
  const manifest = await source.manifest(image, digest);
  if (!manifest) throw unusable(image, tag, `has the digest ${digest}, which the registry does not have`);
  const facts = readManifestFacts(manifest.bytes);
  if (typeof facts === 'string') throw unusable(image, tag, facts);
  return { digest, subject, mediaType: facts.mediaType, size: manifest.bytes.length, tag };
}

/** The error for an answer that says something about artifacts that cannot be true, or cannot be copied. */
export function unusable(image: ImageReference, what: string, why: string): RegistryError {
  return new RegistryError('unexpected', `${repositoryName(image)}: ${what} ${why}`);
}
