import type { Artifact } from '../digests/artifacts.ts';
import { type ImageReference, repositoryName } from '../image/reference.ts';
import type { Relocation } from '../plan/model.ts';
import { RegistryError } from './error.ts';
import { mapBounded } from './map-bounded.ts';
import type { Referrers } from './referrers.ts';
import type { DigestSource, Verdict } from './verify.ts';

/** What a registry has of one artifact of the plan. */
export interface ArtifactVerdict {
  readonly artifact: Artifact;
  /**
   * present: it is there and, if it is a referrer, listed for its subject. missing: it is not there. different: its tag has
   * another digest. unlisted: it is there, and who asks for the referrers of its subject does not get it. unknown: the
   * registry gave no answer that says it.
   */
  readonly result: 'present' | 'missing' | 'different' | 'unlisted' | 'unknown';
  /** The digest that its tag has, if it is different. */
  readonly found?: string;
  /** Why it is unknown or unlisted. */
  readonly reason?: string;
}

/** A verdict about an image, and about what is copied with it. */
export interface VerdictWithArtifacts extends Verdict {
  /** In the order of the plan. Left out if the plan has none for this image. */
  readonly artifacts?: readonly ArtifactVerdict[];
}

/** What the check of artifacts asks of a registry client. */
export interface ReferrerSource extends DigestSource {
  referrers(image: ImageReference, digest: string): Promise<Pick<Referrers, 'descriptors' | 'from'>>;
}

/**
 * Asks the registry whether the artifacts of each image are there by their digests and tags, and whether its list of
 * referrers names those that have no tag.
 *
 * @param verdicts those of `verifyRelocations` for the same relocations: an image about which nothing is known is not
 *   asked about again
 * @param options.connections images that are looked at at the same time. Default: 8.
 * @returns the verdicts, each with those about its artifacts
 * @throws InputError if a credential helper fails
 */
export async function verifyArtifacts(
  relocations: readonly Relocation[],
  verdicts: readonly Verdict[],
  client: ReferrerSource,
  { connections = 8, onImage }: { readonly connections?: number; readonly onImage?: () => void } = {},
): Promise<VerdictWithArtifacts[]> {
  // Images of one repository may share a manifest, and so its list.
  const lists = new Map<string, ReturnType<ReferrerSource['referrers']>>();
  const listOf: ListOf = (image, subject) => {
    const key = `${repositoryName(image)}@${subject}`;
    const asked = lists.get(key) ?? client.referrers(image, subject);
    lists.set(key, asked);
    return asked;
  };
  const pairs = verdicts.map((verdict, index) => ({
    verdict,
    artifacts: relocations[index]?.artifacts ?? [],
  }));
  return mapBounded(pairs, connections, async ({ verdict, artifacts }) => {
    if (artifacts.length === 0) return verdict;
    const { image, result, reason = '' } = verdict;
    const checked: ArtifactVerdict[] = [];
    for (const artifact of artifacts) {
      checked.push(
        result === 'unknown'
          ? { artifact, result, reason }
          : { artifact, ...(await look(image, artifact, client, listOf)) },
      );
    }
    onImage?.();
    return { ...verdict, artifacts: checked };
  });
}

type ListOf = (image: ImageReference, subject: string) => ReturnType<ReferrerSource['referrers']>;

async function look(
  image: ImageReference,
  { digest, subject, tag, artifactType }: Artifact,
  client: ReferrerSource,
  listOf: ListOf,
): Promise<Omit<ArtifactVerdict, 'artifact'>> {
  try {
    const found = await client.digestOf(image, tag ?? digest);
    if (found === undefined) return { result: 'missing' };
    if (found !== digest) return { result: 'different', found };
    if (tag !== undefined) return { result: 'present' };
    const { descriptors, from } = await listOf(image, subject);
    const listed = descriptors.find((one) => one.digest === digest);
    const where = from === 'api' ? 'the referrers API' : 'the index at the fallback tag';
    if (!listed) return { result: 'unlisted', reason: `${where} does not name it for ${subject}` };
    // Clients ask for the types that they know.
    if (artifactType && listed.artifactType !== artifactType) {
      const type = listed.artifactType || 'no type';
      return { result: 'unlisted', reason: `${where} names it with ${type}; expected ${artifactType}` };
    }
    return { result: 'present' };
  } catch (error) {
    if (error instanceof RegistryError) return { result: 'unknown', reason: error.message };
    throw error;
  }
}
