import { count, few } from '../common/text.ts';
import { renderYaml } from '../common/yaml.ts';
import { formatReference, repositoryName } from '../image/reference.ts';
import type { ExportFormatDefinition } from './export.ts';
import { headerLines } from './header.ts';
import { platformLoss } from './platform-loss.ts';

/** A package of Zarf with the images alone: Zarf carries them over the gap and pushes them. */
export const zarf: ExportFormatDefinition = {
  destination: ({ server, pushServer, path }) => [pushServer ?? server, path].filter(Boolean).join('/'),
  render: ({ images, destination, origin }) => {
    const renamed = images.filter(
      ({ source, target }) => repositoryName(target) !== `${destination}/${source.repository}`,
    );
    const header = headerLines({
      origin,
      tool: 'Zarf 0.76 or newer (older versions refuse the digest of an image for several platforms)',
      run: [
        'zarf package create . --confirm',
        `zarf package mirror-resources zarf-package-*.tar.zst --images --no-img-checksum --registry-url ${destination}`,
      ],
      losses: [
        ...(renamed.length > 0
          ? [
              `the names of ${count(renamed.length, 'image')}: Zarf pushes to ${destination}/<repository of the source>, and the plan names ${few(renamed.map(({ target }) => repositoryName(target)))}`,
            ]
          : []),
        'the tags in your registry: Zarf pushes an image that has a digest by its digest alone',
        ...platformLoss(images),
        'signatures and attestations',
        'the check of the registry after the copy: run "ess-airgap verify"',
      ],
    });
    const definition = renderYaml({
      apiVersion: 'zarf.dev/v1alpha1',
      kind: 'ZarfPackageConfig',
      metadata: { name: 'ess-airgap', description: 'The images of Element Server Suite' },
      components: [
        { name: 'images', required: true, images: images.map(({ source }) => formatReference(source)) },
      ],
    });
    return header + definition;
  },
};
