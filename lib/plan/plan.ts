import type { ConfigPlace } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { byContainer, type ContainerImage, containerName } from '../digests/container-image.ts';
import { formatReference, type ImageReference, repositoryName } from '../image/reference.ts';
import { GlobBudget, globMatcher } from '../input/glob.ts';
import { checkPlan } from './checks.ts';
import type { Finding } from './finding.ts';
import { hashPlan } from './hash.ts';
import { Layout } from './layout.ts';
import { resolveContainer } from './resolve.ts';

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

/**
 * What the release's images become under a configuration. Pure: no files, no network, no clock; the order of
 * `images` does not matter.
 *
 * @param place where the configuration's values stand, where it was read from a file
 */
export function makePlan(images: readonly ContainerImage[], config: Config, place?: ConfigPlace): Plan {
  const ordered = [...images].sort(byContainer);
  const budget = new GlobBudget(place?.());
  const excludes = config.exclude.map((glob) => globMatcher(glob, budget));
  const isExcluded = (image: ContainerImage): boolean =>
    excludes.some((matches) => matches(image.component) || matches(containerName(image)));
  const excluded = ordered.filter(isExcluded);
  const layout = new Layout(config, budget);
  const resolved = ordered
    .filter((image) => !isExcluded(image))
    .map((image) => resolveContainer(image, layout.repositoryFor(image.image), config));

  const overrides = resolved.map(({ override }) => override);
  const relocations = distinct(resolved);
  const findings = checkPlan({ images: ordered, excluded, resolved, relocations, layout, config, place });
  return { overrides, relocations, excluded, findings, hash: hashPlan(overrides, relocations) };
}

/** What became of one container: the override, and the relocation that brings its image. */
export interface ResolvedContainer {
  readonly image: ContainerImage;
  readonly override: Override;
  readonly source?: ImageReference;
  readonly target: Relocation['target'];
  readonly platforms?: Relocation['platforms'];
}

/** One relocation for each distinct pair of source and target, however many containers use it. */
function distinct(resolved: readonly ResolvedContainer[]): Relocation[] {
  const byImage = new Map<string, Relocation & { containers: string[] }>();
  for (const { image, source, target, platforms } of resolved) {
    const key = [source ? formatReference(source) : '', formatReference(target), ...(platforms ?? [])].join(
      ' ',
    );
    const known = byImage.get(key);
    if (known) {
      known.containers.push(containerName(image));
      continue;
    }
    byImage.set(key, {
      ...(source && { source }),
      target,
      ...(platforms && { platforms }),
      containers: [containerName(image)],
    });
  }
  return [...byImage.entries()]
    .map(([key, relocation]) => ({
      key: `${repositoryName(relocation.target)}:${relocation.target.tag} ${key}`,
      relocation,
    }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ relocation }) => relocation);
}
