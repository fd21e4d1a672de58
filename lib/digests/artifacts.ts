import { isPlatformName } from '../image/platform.ts';
import { type ImageReference, parseReference } from '../image/reference.ts';
import type { Place, Problem } from '../input/problem.ts';
import { quote } from '../input/quote.ts';
import { predicateOf, type YamlEntry, type YamlNode } from '../input/yaml.ts';
import { readArtifactAnnotations } from './artifact-annotations.ts';
import { DIGEST_WORD, readWords, type WordKey } from './words.ts';

/**
 * A manifest that belongs to an image: a referrer (OCI image specification 1.1: its manifest has `subject`), or what
 * cosign 2 keeps at a tag beside the image.
 */
export interface Artifact {
  /** Digest of the artifact's own manifest. */
  readonly digest: string;
  /** Digest that it belongs to: the image's index, a manifest below it, or another artifact of the image. */
  readonly subject: string;
  readonly mediaType: string;
  /** Size of its manifest in bytes. */
  readonly size: number;
  /** What it is. Left out if its manifest does not say. */
  readonly artifactType?: string;
  /** Annotations of its manifest, which lists of referrers repeat. Left out if there are none. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** The tag of cosign 2: `sha256-<hex of subject>.sig`, `.att` or `.sbom`. Left out for a referrer. */
  readonly tag?: string;
  /**
   * Platform of the manifest below the image's index that it belongs to, `linux/amd64`, also if it belongs to it through
   * another artifact. Left out if it belongs to the whole image.
   */
  readonly platform?: string;
}

/**
 * The artifacts of images by {@link artifactsKey}. No entry: nothing is known. An empty list: a registry was asked, and
 * there are none.
 */
export type Artifacts = ReadonlyMap<string, readonly Artifact[]>;

/** The most artifacts of one image, and the most steps from an artifact to the image or a manifest below it. */
export const MAX_ARTIFACTS = 1000;
export const MAX_ARTIFACT_DEPTH = 5;
/** OCI distribution specification 1.1: registries should accept manifests of 4 MiB. */
export const MAX_MANIFEST_SIZE = 4 * 1024 * 1024;

export const MEDIA_TYPE = /^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9][\w!#$&^.+-]{0,126}$/;

/** What a lock calls an image upstream, `registry/repository@digest`; undefined for an image without digest. */
export function artifactsKey({ registry, repository, digest }: ImageReference): string | undefined {
  return digest && `${registry}/${repository}@${digest}`;
}

/** The key that a text names in a digests file; undefined if it is not a reference by digest alone. */
export function parseArtifactsKey(text: string): string | undefined {
  const image = parseReference(text);
  return typeof image === 'string' || image.tag ? undefined : artifactsKey(image);
}

/** The suffixes of the tags at which cosign 2 keeps signatures, attestations and SBOMs. */
export const COSIGN_SUFFIXES = ['sig', 'att', 'sbom'] as const;

/** The tag at which cosign 2 keeps something for a digest. */
export function cosignTag(digest: string, suffix: (typeof COSIGN_SUFFIXES)[number]): string {
  return `${digest.replace(':', '-')}.${suffix}`;
}

/**
 * Reads the mapping `artifacts` of a digests file.
 *
 * @returns what could be read; whatever is wrong is added to `problems`
 */
export function readArtifacts(entry: YamlEntry | undefined, problems: Problem[]): Artifacts {
  const artifacts = new Map<string, readonly Artifact[]>();
  if (entry === undefined) return artifacts;
  if (entry.value.kind !== 'mapping') {
    problems.push({
      place: entry.place,
      message: `artifacts ${predicateOf(entry.value)}; expected a mapping from images to lists, as ess-airgap lock writes it`,
      hint: 'Remove it, or make the digests file again.',
    });
    return artifacts;
  }
  for (const { key, place, value } of entry.value.entries) {
    const image = parseReference(key);
    const wrong =
      typeof image === 'string'
        ? image
        : image.tag || !image.digest
          ? 'expected registry/repository@sha256:…, without a tag'
          : undefined;
    const name = typeof image === 'string' ? undefined : artifactsKey(image);
    if (wrong || name === undefined) {
      problems.push({
        place,
        message: `artifacts has the key ${quote(key)}, which names no image: ${wrong}`,
      });
    } else if (artifacts.has(name)) {
      problems.push({ place, message: `artifacts has the image ${quote(name)} a second time` });
    } else artifacts.set(name, readList(name, place, value, problems));
  }
  return artifacts;
}

function readList(image: string, place: Place, value: YamlNode, problems: Problem[]): readonly Artifact[] {
  if (value.kind !== 'sequence') {
    problems.push({
      place: value.place,
      message: `the artifacts of ${quote(image)}: the value ${predicateOf(value)}; expected a list, [] if there are none`,
    });
    return [];
  }
  if (value.items.length > MAX_ARTIFACTS) {
    problems.push({
      place,
      message: `${quote(image)} has ${value.items.length} artifacts; expected ${MAX_ARTIFACTS} at most`,
    });
    return [];
  }
  const places = new Map<Artifact, Place>();
  const before = problems.length;
  for (const item of value.items) {
    const artifact = readArtifact(item, problems);
    if (artifact) places.set(artifact, item.place);
  }
  const artifacts = [...places.keys()];
  const wrong = problems.length === before ? findWrongArtifact(artifacts) : undefined;
  if (wrong) {
    const { artifact, reason } = wrong;
    problems.push({
      place: places.get(artifact) ?? place,
      message: `the artifact ${artifact.tag ?? artifact.digest} ${reason}`,
    });
  }
  return artifacts;
}

/**
 * What is wrong between the artifacts of one image: each is listed once, and belongs to the image itself or a manifest
 * below it through a few others at most.
 *
 * @returns the first artifact that is wrong, and the end of a sentence about it; undefined if there is none
 */
export function findWrongArtifact<A extends Artifact>(
  artifacts: readonly A[],
): { readonly artifact: A; readonly reason: string } | undefined {
  const seen = new Set<string>();
  const parents = new Map(artifacts.map(({ digest, subject }) => [digest, subject]));
  for (const artifact of artifacts) {
    // A referrer has one subject; a manifest may be at several tags.
    const name = artifact.tag ?? artifact.digest;
    if (seen.has(name)) return { artifact, reason: 'is listed a second time' };
    seen.add(name);
    let depth = 1;
    for (let at = parents.get(artifact.subject); at && depth <= MAX_ARTIFACT_DEPTH; at = parents.get(at))
      depth++;
    if (depth > MAX_ARTIFACT_DEPTH) {
      const reason = `belongs to the image through more than ${MAX_ARTIFACT_DEPTH - 1} other artifacts, or to itself`;
      return { artifact, reason };
    }
  }
  return undefined;
}

const KEYS = {
  digest: DIGEST_WORD,
  subject: DIGEST_WORD,
  media_type: { expected: 'a media type', fits: (text) => MEDIA_TYPE.test(text) },
  size: {
    expected: `a number of bytes, ${MAX_MANIFEST_SIZE} at most`,
    fits: (text) => /^(0|[1-9]\d{0,6})$/.test(text) && Number(text) <= MAX_MANIFEST_SIZE,
  },
  artifact_type: { expected: 'a media type', fits: (text) => MEDIA_TYPE.test(text) },
  annotations: undefined,
  tag: { expected: 'a tag', fits: (text) => /^sha256-[0-9a-f]{64}\.(sig|att|sbom)$/.test(text) },
  platform: { expected: 'a platform such as linux/amd64', fits: isPlatformName },
} satisfies Record<string, WordKey | undefined>;

function readArtifact(node: YamlNode, problems: Problem[]): Artifact | undefined {
  if (node.kind !== 'mapping') {
    problems.push({
      place: node.place,
      message: `an artifact ${predicateOf(node)}; expected a mapping with digest, subject, media_type and size`,
    });
    return undefined;
  }
  const before = problems.length;
  const words = readWords('an artifact', node, KEYS, problems);
  const annotations = readArtifactAnnotations(
    node.entries.find(({ key }) => key === 'annotations'),
    problems,
  );
  for (const key of ['digest', 'subject', 'media_type', 'size']) {
    if (!node.entries.some((entry) => entry.key === key))
      problems.push({ place: node.place, message: `an artifact has no ${key}` });
  }
  const { digest = '', subject = '', tag } = words;
  if (problems.length > before) return undefined;
  if (tag !== undefined && !COSIGN_SUFFIXES.some((suffix) => tag === cosignTag(subject, suffix))) {
    problems.push({
      place: node.place,
      message: `the artifact's tag ${tag} is not one of its subject; expected ${cosignTag(subject, 'sig')}, .att or .sbom`,
    });
    return undefined;
  }
  return {
    digest,
    subject,
    mediaType: words.media_type ?? '',
    size: Number(words.size),
    ...(words.artifact_type && { artifactType: words.artifact_type }),
    ...(annotations && { annotations }),
    ...(tag && { tag }),
    ...(words.platform && { platform: words.platform }),
  };
}
