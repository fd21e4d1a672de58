import type { ContainerImage } from '../digests/container-image.ts';
import type { ImageReference } from '../image/reference.ts';
import type { Finding } from './finding.ts';

// The vocabulary of a plan: types only, so that everything that makes, checks or renders a plan can import it.

/** What one container gets in the override ConfigMap. */
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
  /** `component/container`, in order. */
  readonly containers: readonly string[];
}

/** Everything that is emitted is rendered from this one value. */
export interface Plan {
  /** One for each container that is not excluded, by component and container. */
  readonly overrides: readonly Override[];
  /** One for each distinct image of the overrides, by target. */
  readonly relocations: readonly Relocation[];
  /** Containers that the ConfigMap leaves alone: they run from the image that the release names. */
  readonly excluded: readonly ContainerImage[];
  /** What is worth knowing, or wrong: see docs/findings.md. */
  readonly findings: readonly Finding[];
  /** `sha256:…` over overrides and relocations: equal plans have equal hashes. */
  readonly hash: string;
}

/** What became of one container: the override, and the relocation that brings its image. */
export interface ResolvedContainer {
  readonly image: ContainerImage;
  readonly override: Override;
  readonly source?: ImageReference;
  readonly target: Relocation['target'];
  readonly platforms?: Relocation['platforms'];
}
