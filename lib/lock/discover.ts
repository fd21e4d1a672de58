import { groupBy } from '../common/collections.ts';
import {
  type Artifact,
  type Artifacts,
  artifactsKey,
  findWrongArtifact,
  MAX_ARTIFACT_DEPTH,
  MAX_ARTIFACTS,
} from '../digests/artifacts.ts';
import { type ImageReference, repositoryName } from '../image/reference.ts';
import { RegistryError } from '../registry/error.ts';
import { mapBounded } from '../registry/map-bounded.ts';
import { readManifestFacts } from './manifest-facts.ts';
import {
  type ArtifactSource,
  readSubjectArtifacts,
  type SubjectArtifacts,
  unusable,
} from './subject-artifacts.ts';

/** An image whose artifacts could not be found out. */
export interface UndiscoveredImage {
  /** `registry/repository@digest`. */
  readonly image: string;
  readonly reason: string;
}

/** What was found out about the artifacts of images. */
export interface Discovery {
  /** Of the images whose artifacts are all known, in their order. */
  readonly artifacts: Artifacts;
  /** Empty if nothing is unknown. */
  readonly failed: readonly UndiscoveredImage[];
  /** Artifacts that a list of referrers names and the registry does not have: `registry/repository@digest`, in order. */
  readonly gone: readonly string[];
}

/** Images of one server that are looked at at the same time; each asks one question after the other. */
const CONNECTIONS = 4;
/** The most manifests below an index, and the most indexes above each other. */
const MAX_MANIFESTS = 500;
const MAX_INDEX_DEPTH = 3;

/**
 * Finds the signatures, attestations and SBOMs of images: what refers to the image's index, to the manifests below it, and
 * to what was found. An image is either known completely or failed.
 *
 * @param images each with a digest; an image that comes several times is asked for once
 * @param onImage called after each distinct image
 * @throws InputError if a credential helper fails
 */
export async function discoverArtifacts(
  images: readonly ImageReference[],
  source: ArtifactSource,
  onImage: (done: number, total: number) => void = () => {},
): Promise<Discovery> {
  const distinct = new Map(images.map((image) => [artifactsKey(image) ?? '', image]));
  const search = new Search(source);
  const results = new Map<string, readonly Artifact[] | string>();
  const ask = async ([key, image]: [string, ImageReference]): Promise<void> => {
    results.set(key, await search.artifactsOf(image).catch(reasonOf));
    onImage(results.size, distinct.size);
  };
  await Promise.all(
    [...groupBy(distinct, ([, { registry }]) => registry).values()].map(async (entries) => {
      // The first goes alone: if its login is refused, the others are not tried, and no account gets locked.
      await mapBounded(entries.slice(0, 1), 1, ask);
      await mapBounded(entries.slice(1), CONNECTIONS, ask);
    }),
  );
  const ordered = [...results].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    artifacts: new Map(
      ordered.flatMap(([key, list]) => (typeof list === 'string' ? [] : [[key, list] as const])),
    ),
    failed: ordered.flatMap(([image, reason]) => (typeof reason === 'string' ? { image, reason } : [])),
    gone: [...search.gone].sort(),
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof RegistryError) return error.message;
  throw error;
}

class Search {
  readonly gone = new Set<string>();
  readonly #source: ArtifactSource;
  /** Images of one repository share manifests, and what belongs to these is asked for once. */
  readonly #known = new Map<string, Promise<SubjectArtifacts>>();

  constructor(source: ArtifactSource) {
    this.#source = source;
  }

  async artifactsOf(image: ImageReference): Promise<readonly Artifact[]> {
    const found: Artifact[] = [];
    const seen = new Set<string>();
    let subjects = await this.#manifestsOf(image);
    for (let depth = 1; subjects.size > 0; depth++) {
      const next = new Map<string, string | undefined>();
      for (const [subject, platform] of subjects) {
        for (const artifact of await this.#ask(image, subject)) {
          if (depth > MAX_ARTIFACT_DEPTH)
            throw unusable(
              image,
              artifact.digest,
              `belongs to it through more than ${MAX_ARTIFACT_DEPTH - 1} artifacts`,
            );
          const name = artifact.tag ?? artifact.digest;
          if (seen.has(name)) continue;
          seen.add(name);
          found.push({ ...artifact, ...(platform && { platform }) });
          if (!subjects.has(artifact.digest)) next.set(artifact.digest, platform);
        }
        if (found.length > MAX_ARTIFACTS)
          throw unusable(image, image.digest ?? '', `has more than ${MAX_ARTIFACTS} artifacts`);
      }
      subjects = next;
    }
    const wrong = findWrongArtifact(found);
    if (wrong) throw unusable(image, wrong.artifact.tag ?? wrong.artifact.digest, wrong.reason);
    return found;
  }

  /** The image and every manifest below it, with its platform. */
  async #manifestsOf(image: ImageReference): Promise<Map<string, string | undefined>> {
    const subjects = new Map<string, string | undefined>();
    let indexes = [image.digest ?? ''];
    for (let depth = 1; indexes.length > 0; depth++) {
      if (depth > MAX_INDEX_DEPTH)
        throw unusable(
          image,
          image.digest ?? '',
          `has more than ${MAX_INDEX_DEPTH} indexes above each other`,
        );
      const deeper: string[] = [];
      for (const digest of indexes) {
        const manifest = await this.#source.manifest(image, digest);
        if (!manifest) throw unusable(image, digest, 'is not in the registry');
        const facts = readManifestFacts(manifest.bytes);
        if (typeof facts === 'string') throw unusable(image, digest, facts);
        if (depth === 1) subjects.set(digest, undefined);
        for (const { digest: own, platform, isIndex } of facts.below) {
          // One manifest may stand there for several platforms: then it belongs to all of them.
          subjects.set(own, subjects.has(own) && subjects.get(own) !== platform ? undefined : platform);
          if (isIndex) deeper.push(own);
        }
        if (subjects.size > MAX_MANIFESTS)
          throw unusable(image, digest, `names more than ${MAX_MANIFESTS} manifests`);
      }
      indexes = deeper;
    }
    return subjects;
  }

  async #ask(image: ImageReference, subject: string): Promise<readonly Artifact[]> {
    const key = `${repositoryName(image)}@${subject}`;
    const asked = this.#known.get(key) ?? readSubjectArtifacts(image, subject, this.#source);
    this.#known.set(key, asked);
    const { artifacts, gone } = await asked;
    for (const digest of gone) this.gone.add(`${repositoryName(image)}@${digest}`);
    return artifacts;
  }
}
