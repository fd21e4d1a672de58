import {
  type Config,
  type ConfigInput,
  type ContainerImage,
  defineConfig,
  parseDigests,
} from '../../lib/index.ts';

/** Containers from a short form: `{ 'synapse/redis': 'docker.io/library/redis:7@sha256:…' }`. */
export function containers(images: Record<string, string>): ContainerImage[] {
  const text = Object.entries(images).map(([name, reference]) => {
    const match = /^(?<server>[^/]+)\/(?<path>[^:@]+)(?::(?<tag>[^@]+))?(?:@(?<digest>.+))?$/.exec(reference);
    const { server, path, tag, digest } = match?.groups ?? {};
    const [component, container] = name.split('/');
    const keys = {
      image_repository_server: server,
      image_repository_path: path,
      ...(tag && { image_tag: tag }),
      ...(digest && { image_digest: digest }),
    };
    return parseDigests(
      JSON.stringify({ [component ?? '']: { [container ?? '']: keys } }),
      'images_digests.yml',
    );
  });
  return text.flat();
}

/** A digest that is made of one hexadecimal digit. */
export function digestOf(digit: string): string {
  return `sha256:${digit.repeat(64)}`;
}

/** A configuration for localregistry.local with some keys of one's own. */
export function configWith(
  input: Partial<Omit<ConfigInput, 'registry'>> & { registry?: Partial<ConfigInput['registry']> } = {},
): Config {
  return defineConfig({
    apiVersion: 'ess-airgap/v1',
    ...input,
    registry: { server: 'localregistry.local', ...input.registry },
  });
}
