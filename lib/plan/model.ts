import type { Artifact, Artifacts } from '../digests/artifacts.ts';
import type { ContainerImage } from '../digests/container-image.ts';
import type { ImageLayers, Layer } from '../digests/layers.ts';
import type { ReleaseInfo } from '../digests/release.ts';
import type { RecordedSignature, Signatures } from '../digests/signatures.ts';
import type { ImageReference } from '../image/reference.ts';
import type { YamlMapping, YamlSequence } from '../input/yaml.ts';
import type { Finding } from './finding.ts';
import type { KeyFingerprints } from './signers.ts';

// The types of a plan. This file has types only, so that all code that creates, checks or renders a plan can import
// it.

/**
 * Treatment of a container. override: its image is copied and the ConfigMap names the copy. copyOnly: its image is
 * copied, but the ConfigMap does not list it, because it is configured elsewhere. exclude: neither.
 */
export type Treatment = 'override' | 'copyOnly' | 'exclude';

/**
 * The image that a container runs: from the override ConfigMap or, if it is only copied, from its own configuration.
 */
export interface Override {
  readonly component: string;
  readonly container: string;
  /** `image_repository_server`. */
  readonly server: string;
  /** `image_repository_path`. */
  readonly repository: string;
  /** `image_tag`; never empty: derived from the digest if the release has none. */
  readonly tag: string;
  /** `image_digest`; empty if the deployment runs the image by its tag. */
  readonly digest: string;
}

/** One distinct image, its target, and the containers that use it. */
export interface Relocation {
  /** The upstream image. Left out for the user's own image, which must be in the registry already. */
  readonly source?: ImageReference;
  /** The target of the copy, by tag; the digest is that of the source, if it is known. */
  readonly target: ImageReference & { readonly tag: string };
  /** The platforms that are copied, such as `linux/amd64`, in order. Left out if all are copied. */
  readonly platforms?: readonly string[];
  /**
   * The signatures, attestations and SBOMs that are copied with the image, as `mirror.artifacts` and the platforms choose
   * them; subjects before what belongs to them. Left out if nothing is known of them or none are to be copied.
   */
  readonly artifacts?: readonly Artifact[];
  /** The larger of its layers, each once. Left out if they are not known. */
  readonly layers?: readonly Layer[];
  /** Left out if the configuration has no `verify`. */
  readonly signatures?: PlannedSignatures;
  /** `component/container`, in order; `extra/name` and `chart/name` for artifacts that no container runs. */
  readonly containers: readonly string[];
}

/** What the lock says of the signatures of an image, compared with `verify` of the configuration. */
export interface PlannedSignatures {
  /** The glob of the rule that wants a signature. Left out if none does: the image has no policy. */
  readonly policy?: string;
  /** The recorded signatures that the rule accepts; empty without a policy. */
  readonly accepted: readonly RecordedSignature[];
}

/** A list in Helm values. Helm replaces lists as a whole, so an override of one item repeats all of them. */
export interface ValueList {
  /** The keys that lead to the list. */
  readonly path: readonly string[];
  readonly items: YamlSequence;
}

/** One of the user's Helm values files. */
export interface ValuesFile {
  readonly path: string;
  readonly text: string;
  readonly values: YamlMapping;
}

/** Information about a release in addition to its images. */
export interface ReleaseContext {
  readonly info: ReleaseInfo;
  /** The files of `helm.values`, in their order. */
  readonly values: readonly ValuesFile[];
  /** What the lock says of signatures, attestations and SBOMs. Default: nothing. */
  readonly artifacts?: Artifacts;
  /** What the lock says of layers and their sizes. Default: nothing. */
  readonly layers?: ImageLayers;
  /** What the lock says of signatures that were checked. Default: nothing. */
  readonly signatures?: Signatures;
  /** The public keys that `verify` names. Default: none. */
  readonly keys?: KeyFingerprints;
  /** The previous release, whose images `guard` still allows. */
  readonly previous?: readonly ContainerImage[];
}

/** What the admission policy admits. An image is in at most one of the lists. */
export interface Guard {
  /** Images as the pods name them, `registry/repository@digest`, in order. */
  readonly images: readonly string[];
  /** Images of the previous release that this release does not have. */
  readonly previous: readonly string[];
  /** Prefixes of images. */
  readonly prefixes: readonly string[];
}

/** A plan. All output is rendered from it. */
export interface Plan {
  readonly release: ReleaseInfo;
  /**
   * The entries of the ConfigMap: one for each container that is not excluded or only copied, by component and
   * container.
   */
  readonly overrides: readonly Override[];
  /** One for each distinct image that is copied, ordered by target. */
  readonly relocations: readonly Relocation[];
  /**
   * The registry lists by itself what refers to an image, as its profile says, so that no list of it is pushed. Left out
   * otherwise.
   */
  readonly referrersApi?: true;
  /** Artifacts that are copied in addition to the images of containers: the chart itself, and `extra`. */
  readonly additions: readonly Override[];
  /** Containers whose images are copied but that the ConfigMap does not list: they are configured elsewhere. */
  readonly copyOnly: readonly Override[];
  /** ESS Helm: lists of the user's values that the override repeats with the images of the plan. */
  readonly valueLists: readonly ValueList[];
  /** Containers that are left out: their images are not copied, and the ConfigMap does not list them. */
  readonly excluded: readonly ContainerImage[];
  /** Left out if the configuration has no admission policy. */
  readonly guard?: Guard;
  /** The findings: see docs/findings.md. */
  readonly findings: readonly Finding[];
  /** `sha256:…` over overrides and relocations: equal plans have equal hashes. */
  readonly hash: string;
}

/** A container with its override and the relocation of its image. */
export interface ResolvedContainer {
  readonly image: ContainerImage;
  readonly treatment: Exclude<Treatment, 'exclude'>;
  readonly override: Override;
  readonly source?: ImageReference;
  readonly target: Relocation['target'];
  readonly platforms?: Relocation['platforms'];
}

/** A plan without findings. */
export type UncheckedPlan = Omit<Plan, 'findings'>;
