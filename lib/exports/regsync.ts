import { renderYaml } from '../common/yaml.ts';
import { formatReference, repositoryName } from '../image/reference.ts';
import type { ExportFormatDefinition } from './export.ts';
import { headerLines } from './header.ts';

/** The configuration of regsync (regclient), which copies between registries and keeps names, digests and platforms. */
export const regsync: ExportFormatDefinition = {
  render: ({ images, mirror, origin }) => {
    const { insecure = [], artifacts = 'all' } = mirror ?? {};
    const header = headerLines({
      origin,
      tool: 'regsync 0.11',
      run: ['regsync once -c regsync.yaml'],
      losses: [
        'credentials: regsync reads those of docker login',
        ...(insecure.length > 0
          ? [`mirror.insecure: add creds with "tls: disabled" or "tls: insecure" for ${insecure.join(', ')}`]
          : []),
        ...(artifacts === 'signatures'
          ? ['mirror.artifacts: signatures: regsync would copy attestations and SBOMs too']
          : []),
        'the report per image, and the check of the registry after the copy: run "ess-airgap verify"',
      ],
    });
    const config = renderYaml({
      version: 1,
      defaults: {
        ...(mirror && { parallel: mirror.parallel }),
        // Signatures and attestations: OCI referrers, and the tags of cosign 2.
        referrers: artifacts !== 'none',
        digestTags: artifacts !== 'none',
      },
      sync: images.map(({ source, target, platforms }) => ({
        source: formatReference(source),
        // regsync asks the target by tag, and the digest is the source's.
        target: `${repositoryName(target)}:${target.tag}`,
        type: 'image',
        ...(platforms && { platforms }),
      })),
    });
    return header + config;
  },
};
