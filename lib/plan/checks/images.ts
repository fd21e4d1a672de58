import { containerName } from '../../digests/container-image.ts';
import { formatReference } from '../../image/reference.ts';
import type { Place } from '../../input/problem.ts';
import { type Finding, finding } from '../finding.ts';
import type { Checked } from './checked.ts';

/** Images whose identity cannot be checked, and what was done about a missing tag. */
export function checkDigests({ resolved, config, place }: Checked): Finding[] {
  return resolved.flatMap(({ image, source, target, override }) => {
    const name = containerName(image);
    const own = Object.hasOwn(config.overrides, name) ? config.overrides[name] : undefined;
    const ownPlace: Place | undefined = own && (place?.('overrides', name) ?? image.place);
    if (own && target.digest === undefined && image.image.digest !== undefined) {
      return finding('override-drops-digest', {
        place: ownPlace,
        message: `the override of ${name} has no digest: the container runs whatever ${formatReference(target)} is`,
        hint: 'Add the digest of that image to the override.',
      });
    }
    const findings: Finding[] = [];
    if (!source) {
      findings.push(
        finding('own-image', {
          place: ownPlace,
          message: `${name} runs ${formatReference(target)}, which nobody copies: it is to be in the registry already`,
          hint: `${config.mirror ? 'The Job checks that it is there.' : 'Nothing checks that it is.'} Where it is to be copied, add source to the override.`,
        }),
      );
    }
    if (target.digest === undefined) {
      findings.push(
        finding('digest-missing', {
          place: ownPlace ?? image.place,
          message: `${name} has no digest: whatever ${formatReference(source ?? target)} is on the day gets copied and run`,
          hint: 'Add image_digest, or a digest in overrides, if you can have it.',
        }),
      );
    }
    if (source && source.tag === undefined && own?.tag === undefined) {
      findings.push(
        finding('tag-made', {
          place: ownPlace ?? image.place,
          message: `${name} has no tag: it gets ${override.tag}, so that garbage collection spares it`,
        }),
      );
    }
    return findings;
  });
}
