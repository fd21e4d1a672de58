import type { Config } from '../config/schema.ts';
import { type ContainerImage, containerName } from '../digests/container-image.ts';
import { type ImageReference, parseReference } from '../image/reference.ts';
import type { ResolvedContainer } from './model.ts';
import { chosenPlatforms, tagWithPlatforms } from './platforms.ts';

/**
 * What one container gets and where it comes from. The override of the configuration has the last word, then the
 * release; `repository` is where the layout puts the image.
 */
export function resolveContainer(
  image: ContainerImage,
  treatment: ResolvedContainer['treatment'],
  repository: string,
  config: Config,
): ResolvedContainer {
  const name = containerName(image);
  const override = Object.hasOwn(config.overrides, name) ? config.overrides[name] : undefined;
  const isLocal = image.inline && servers(config).includes(image.image.registry);
  const source = isLocal ? undefined : sourceOf(image.image, override);
  // What the container runs: the copy, or an image of the user's own that nobody copies.
  const runs = source ?? (isLocal ? image.image : { digest: override?.digest, tag: override?.tag });
  const digest = override?.digest ?? runs.digest;
  // A tag of the user's own stays as it is, and its image whole.
  const whole = source === undefined || override?.tag !== undefined || image.artifact;
  const platforms = whole ? undefined : chosenPlatforms(config);
  const upstreamTag = override?.tag ?? runs.tag ?? tagFromDigest(digest);
  const tag = platforms ? tagWithPlatforms(upstreamTag, platforms) : upstreamTag;
  const target = {
    registry: config.registry.pushServer ?? config.registry.server,
    repository: override?.repository ?? (isLocal ? image.image.repository : repository),
    tag,
    ...(digest && { digest }),
  };
  return {
    image,
    treatment,
    override: {
      component: image.component,
      container: image.container,
      server: config.registry.server,
      repository: target.repository,
      tag,
      digest: config.pin === 'digest' ? (digest ?? '') : '',
    },
    ...(source && { source }),
    target,
    ...(platforms && { platforms }),
  };
}

/** The names of the local registry: users may write an image there into their own Helm values. */
function servers({ registry }: Config): string[] {
  return [registry.server, ...(registry.pushServer ? [registry.pushServer] : [])];
}

/**
 * Where the image is copied from: where the override says so, else upstream; from nowhere, if the override names
 * an image by a tag or digest of its own.
 */
function sourceOf(
  image: ImageReference,
  override: Config['overrides'][string] | undefined,
): ImageReference | undefined {
  if (override?.source !== undefined) {
    const source = parseReference(override.source);
    if (typeof source === 'string') throw new Error(`the schema let the source "${override.source}" pass`);
    return { ...source, ...(override.digest && !source.digest && { digest: override.digest }) };
  }
  return override?.tag === undefined && override?.digest === undefined ? image : undefined;
}

/**
 * The tag of an image that has only a digest, so that the registry's garbage collection spares it: legal as a
 * label value, too, and unlike `sha256-<64 digits>`, the fallback tag of the referrers API (OCI distribution
 * specification 1.1), which means something else.
 */
export function tagFromDigest(digest: string | undefined): string {
  if (digest === undefined) throw new Error('an image with neither tag nor digest came past the readers');
  return `sha256-${digest.slice('sha256:'.length, 'sha256:'.length + 32)}`;
}
