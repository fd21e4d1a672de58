import type { Artifact, Artifacts } from '../digests/artifacts.ts';
import type { ContainerImage } from '../digests/container-image.ts';
import type { ImageLayers, Layer } from '../digests/layers.ts';
import type { ReleaseInfo } from '../digests/release.ts';
import type { RecordedSignature, Signatures } from '../digests/signatures.ts';
import type { ImageReference } from '../image/reference.ts';
import type { YamlMapping, YamlSequence } from '../input/yaml.ts';
import type { Finding } from './finding.ts';
import type { KeyFingerprints } from './signers.ts';

// The vocabulary of a plan: types only, so that everything that makes, checks or renders a plan can import it.

/**
 * What becomes of a container. override: its image is copied and the ConfigMap names the copy. copyOnly: its image is
 * copied and the ConfigMap leaves it alone, because it is configured elsewhere. exclude: neither.
 */
export type Treatment = 'override' | 'copyOnly' | 'exclude';

/** The image that one container gets: in the override ConfigMap or, if it is only copied, where it is configured. */
export interface Override {
  readonly component: string;
  readonly container: string;
  /** `image_repository_server`. */
  readonly server: string;
  /** `image_repository_path`. */
  readonly repository: string;
  /** `image_tag`; always there, made from the digest where the release has none. */
  readonly tag: string;
  /** `image_digest`; empty where the deployment is to run the image by its tag. */
  readonly digest: string;
}

/** One distinct image, where it goes, and the containers that use it. */
export interface Relocation {
  /** The image upstream. Left out for an image of the user's own, which is to be in the registry already. */
  readonly source?: ImageReference;
  /** The same image where the Job puts it, by tag; the digest is that of the source, if it is known. */
  readonly target: ImageReference & { readonly tag: string };
  /** The platforms that are copied, `linux/amd64`, in order. Left out where all are. */
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
  /** `component/container`, in order; `extra/name` and `chart/name` for what no container runs. */
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
  /** The keys that lead to it. */
  readonly path: readonly string[];
  readonly items: YamlSequence;
}

/** One of the user's files of Helm values. */
export interface ValuesFile {
  readonly path: string;
  readonly text: string;
  readonly values: YamlMapping;
}

/** What is known about a release beside its images. */
export interface ReleaseContext {
  readonly info: ReleaseInfo;
  /** The files that `helm.values` names, in their order. */
  readonly values: readonly ValuesFile[];
  /** What the lock says of signatures, attestations and SBOMs. Default: nothing. */
  readonly artifacts?: Artifacts;
  /** What the lock says of layers and their sizes. Default: nothing. */
  readonly layers?: ImageLayers;
  /** What the lock says of signatures that were checked. Default: nothing. */
  readonly signatures?: Signatures;
  /** The public keys that `verify` names. Default: none. */
  readonly keys?: KeyFingerprints;
  /** The release that is still running, whose images `guard` goes on to allow. */
  readonly previous?: readonly ContainerImage[];
}

/** What the admission policy admits; the same image is in one of the lists at most. */
export interface Guard {
  /** Images as the pods name them, `registry/repository@digest`, in order. */
  readonly images: readonly string[];
  /** Those of the previous release that this one does not have. */
  readonly previous: readonly string[];
  /** Beginnings of images. */
  readonly prefixes: readonly string[];
}

/** Everything that is emitted is rendered from this one value. */
export interface Plan {
  readonly release: ReleaseInfo;
  /** The ConfigMap: one for each container that is neither excluded nor only copied, by component and container. */
  readonly overrides: readonly Override[];
  /** One for each distinct image that is copied, by target. */
  readonly relocations: readonly Relocation[];
  /**
   * The registry lists by itself what refers to an image, as its profile says, so that no list of it is pushed. Left out
   * otherwise.
   */
  readonly referrersApi?: true;
  /** What is copied beside the images of containers: the chart itself, and what `extra` names. */
  readonly additions: readonly Override[];
  /** Containers whose images are copied and that the ConfigMap leaves alone: they are configured elsewhere. */
  readonly copyOnly: readonly Override[];
  /** ESS Helm: lists of the user's values that the override repeats, with the images of the plan in them. */
  readonly valueLists: readonly ValueList[];
  /** Containers that are left out: their images are not copied, and the ConfigMap leaves them alone. */
  readonly excluded: readonly ContainerImage[];
  /** Left out if the configuration has no admission policy. */
  readonly guard?: Guard;
  /** What is worth knowing, or wrong: see docs/findings.md. */
  readonly findings: readonly Finding[];
  /** `sha256:…` over overrides and relocations: equal plans have equal hashes. */
  readonly hash: string;
}

/** What became of one container: the override, and the relocation that brings its image. */
export interface ResolvedContainer {
  readonly image: ContainerImage;
  readonly treatment: Exclude<Treatment, 'exclude'>;
  readonly override: Override;
  readonly source?: ImageReference;
  readonly target: Relocation['target'];
  readonly platforms?: Relocation['platforms'];
}

/** A plan that is not checked yet. */
export type UncheckedPlan = Omit<Plan, 'findings'>;
