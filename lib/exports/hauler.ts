import { renderYaml } from '../common/yaml.ts';
import { formatReference, repositoryName } from '../image/reference.ts';
import type { ExportFormatDefinition } from './export.ts';
import { headerLines } from './header.ts';
import { platformLoss } from './platform-loss.ts';

/** A manifest of hauler, which collects images in a store and copies the store to a registry. */
export const hauler: ExportFormatDefinition = {
  destination: ({ server, pushServer }) => pushServer ?? server,
  render: ({ images, destination, origin }) => {
    const header = headerLines({
      origin,
      tool: 'hauler 2.1',
      run: ['hauler store sync --filename hauler.yaml', `hauler store copy registry://${destination}`],
      losses: [
        ...platformLoss(images),
        'signatures of the single platforms of an image: hauler takes those of its index',
        'the check of the registry after the copy: run "ess-airgap verify"',
      ],
    });
    const manifest = renderYaml({
      apiVersion: 'content.hauler.cattle.io/v1',
      kind: 'Images',
      metadata: { name: 'ess-airgap' },
      spec: {
        images: images.map(({ source, target }) => ({
          name: formatReference(source),
          // With the registry: hauler drops a leading library/ from a name without one.
          rewrite: `${repositoryName(target)}:${target.tag}`,
        })),
      },
    });
    return header + manifest;
  },
};
