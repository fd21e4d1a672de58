import { yamlScalar } from '../../../common/yaml-scalar.ts';
import type { Override } from '../../model.ts';

/**
 * The value of `data.images_digests`: YAML that begins at the component names (a wrapping `images_digests:` is
 * silently ignored), with all four keys for every container (what fewer mean differs between releases of the
 * updater).
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
