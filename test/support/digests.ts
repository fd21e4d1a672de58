import {
  type Config,
  type ConfigInput,
  type ContainerImage,
  defineConfig,
  parseDigests,
} from '../../lib/index.ts';
import { digestsFileOf } from './release.ts';

/** Containers from the short form of {@link digestsFileOf}: `{ 'synapse/redis': 'docker.io/library/redis:7@sha256:…' }`. */
export function containers(images: Readonly<Record<string, string>>): ContainerImage[] {
  return parseDigests(digestsFileOf(images), 'images_digests.yml');
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
