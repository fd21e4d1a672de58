import { renderYaml } from '../common/yaml.ts';
import { formatReference, type ImageReference } from '../image/reference.ts';
import type { ExportFormatDefinition } from './export.ts';
import { headerLines } from './header.ts';
import { platformLoss } from './platform-loss.ts';

/** An ImageSetConfiguration of oc-mirror v2 (OpenShift). */
export const imageset: ExportFormatDefinition = {
  destination: ({ server, pushServer }) => pushServer ?? server,
  render: ({ images, destination, origin }) => {
    const header = headerLines({
      origin,
      tool: 'oc-mirror v2 of OpenShift 4.22 or newer (older versions ignore targetRepo and targetTag)',
      run: [`oc mirror --v2 --config imageset.yaml --workspace file://oc-mirror docker://${destination}`],
      losses: [
        ...platformLoss(images),
        'OCI referrers, where cosign 3 keeps signatures; for the tags of cosign 2, see --remove-signatures',
        'the check of the registry after the copy: run "ess-airgap verify"',
      ],
    });
    const config = renderYaml({
      apiVersion: 'mirror.openshift.io/v2alpha1',
      kind: 'ImageSetConfiguration',
      mirror: {
        additionalImages: images.map(({ source, target }) => ({
          name: formatReference(byDigest(source)),
          targetRepo: target.repository,
          targetTag: target.tag,
        })),
      },
    });
    return header + config;
  },
};

/** With a tag beside the digest, oc-mirror asks the registry by tag in some of its steps. */
function byDigest({ tag, ...image }: ImageReference): ImageReference {
  return image.digest ? image : { ...image, ...(tag !== undefined && { tag }) };
}
