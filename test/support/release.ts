import type { Artifact } from '../../lib/digests/artifacts.ts';

/**
 * A digests file from a short form: `{ 'synapse/redis': 'localhost:5000/library/redis:7@sha256:…' }`.
 *
 * @param artifacts those of images, by `registry/repository@digest`, as a lock has them
 */
export function digestsFileOf(
  images: Readonly<Record<string, string>>,
  artifacts: Readonly<Record<string, readonly Artifact[]>> = {},
): string {
  const components: Record<string, Record<string, Record<string, string>>> = {};
  for (const [name, reference] of Object.entries(images)) {
    const [component = '', container = ''] = name.split('/');
    const { server, path, tag, digest } =
      /^(?<server>[^/]+)\/(?<path>[^:@]+)(?::(?<tag>[^@]+))?(?:@(?<digest>.+))?$/.exec(reference)?.groups ??
      {};
    components[component] = {
      ...components[component],
      [container]: {
        image_digest: digest ?? '',
        image_repository_path: path ?? '',
        image_repository_server: server ?? '',
        image_tag: tag ?? '',
      },
    };
  }
  // JSON is YAML.
  const locked = Object.entries(artifacts).map(([image, all]) => [
    image,
    all.map(({ mediaType, artifactType, ...more }) => ({
      ...more,
      media_type: mediaType,
      ...(artifactType && { artifact_type: artifactType }),
    })),
  ]);
  const more = locked.length > 0 && { artifacts: Object.fromEntries(locked) };
  return `${JSON.stringify({ images_digests: components, ...more }, null, 2)}\n`;
}
