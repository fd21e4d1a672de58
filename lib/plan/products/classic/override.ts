import { yamlScalar } from '../../../common/yaml-scalar.ts';
import type { Override } from '../../model.ts';

/**
 * Returns the value of `data.images_digests`: YAML that begins with the component names (the updater silently ignores
 * YAML with a wrapping `images_digests:`), with all four keys for every container (the meaning of missing keys
 * differs between releases of the updater).
 *
 * @param overrides ordered by component and container
 */
export function renderOverrides(overrides: readonly Override[]): string {
  let text = '';
  let component: string | undefined;
  for (const override of overrides) {
    if (override.component !== component) text += `${yamlScalar(override.component)}:\n`;
    component = override.component;
    text += `  ${yamlScalar(override.container)}:\n`;
    text += `    image_digest: ${yamlScalar(override.digest)}\n`;
    text += `    image_repository_path: ${yamlScalar(override.repository)}\n`;
    text += `    image_repository_server: ${yamlScalar(override.server)}\n`;
    text += `    image_tag: ${yamlScalar(override.tag)}\n`;
  }
  return text;
}
