import type { Config } from '../config/schema.ts';
import { type Artifact, type Artifacts, artifactsKey } from '../digests/artifacts.ts';
import type { Relocation } from './model.ts';
import { isCopiedPlatform } from './platforms.ts';

/** Types of referrers that are signatures: sigstore bundles, signatures of cosign, and of Notary Project. */
const SIGNATURE_TYPES =
  /^application\/vnd\.(dev\.sigstore\.bundle\..*|dev\.cosign\.artifact\.sig\.v1\+json|cncf\.notary\.signature)$/;

/** Whether an artifact is a signature; an attestation of cosign 3 is a sigstore bundle too, and counts as one. */
export function isSignature({ tag, artifactType }: Artifact): boolean {
  return tag === undefined ? SIGNATURE_TYPES.test(artifactType ?? '') : tag.endsWith('.sig');
}

/** What is copied of the artifacts of one image, and what the configuration leaves out. */
export interface ChosenArtifacts {
  /** Subjects before what belongs to them, otherwise in the order of the lock. */
  readonly copied: readonly Artifact[];
  /** Left out by `mirror.artifacts`, or because the artifact that they belong to is. */
  readonly unwanted: readonly Artifact[];
  /** Left out because the manifest that they belong to is of a platform that is not copied. */
  readonly otherPlatforms: readonly Artifact[];
}

/** Chooses what is copied of the artifacts of one image. */
export function chooseArtifacts(
  artifacts: readonly Artifact[],
  kind: 'all' | 'signatures' | 'none',
  platforms?: readonly string[],
): ChosenArtifacts {
  const isWanted = (artifact: Artifact): boolean =>
    kind === 'all' || (kind === 'signatures' && isSignature(artifact));
  const unwanted: Artifact[] = [];
  const otherPlatforms: Artifact[] = [];
  const copied: Artifact[] = [];
  const digests = new Set(artifacts.map(({ digest }) => digest));
  const there = new Set<string>();
  // Each round takes what belongs to the image itself or to something that was taken before.
  let open = [...artifacts];
  while (open.length > 0) {
    const next = open.filter(({ subject }) => !digests.has(subject) || there.has(subject));
    if (next.length === 0) break;
    for (const artifact of next) {
      if (!isWanted(artifact)) unwanted.push(artifact);
      else if (artifact.platform !== undefined && !isCopiedPlatform(platforms, artifact.platform))
        otherPlatforms.push(artifact);
      else copied.push(artifact);
    }
    for (const { digest } of copied) there.add(digest);
    open = open.filter((artifact) => !next.includes(artifact));
  }
  return { copied, unwanted: [...unwanted, ...open], otherPlatforms };
}

/** What the configuration says about artifacts; a registry that fetches by itself gets none pushed. */
export function wantedArtifacts({ mirror, registry }: Config): 'all' | 'signatures' | 'none' {
  return registry.pullThrough ? 'none' : (mirror?.artifacts ?? 'all');
}

/** What a lock says about the artifacts of a relocation; undefined if nothing. */
export function knownArtifacts(
  { source }: Pick<Relocation, 'source'>,
  artifacts: Artifacts | undefined,
): readonly Artifact[] | undefined {
  const key = source && artifactsKey(source);
  return key === undefined ? undefined : artifacts?.get(key);
}

/** The relocations with the artifacts that are copied with each; those of which nothing is known stay as they are. */
export function withArtifacts(
  relocations: readonly Relocation[],
  artifacts: Artifacts | undefined,
  config: Config,
): readonly Relocation[] {
  const kind = wantedArtifacts(config);
  if (kind === 'none' || !artifacts || artifacts.size === 0) return relocations;
  return relocations.map((relocation) => {
    const known = knownArtifacts(relocation, artifacts);
    if (!known) return relocation;
    return { ...relocation, artifacts: chooseArtifacts(known, kind, relocation.platforms).copied };
  });
}
