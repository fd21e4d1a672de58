/** A digests file from a short form: `{ 'synapse/redis': 'localhost:5000/library/redis:7@sha256:…' }`. */
export function digestsFileOf(images: Readonly<Record<string, string>>): string {
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
  return `${JSON.stringify({ images_digests: components }, null, 2)}\n`;
}
