import { containerName } from '../../digests/container-image.ts';
import { formatReference } from '../../image/reference.ts';
import type { Place } from '../../input/problem.ts';
import { commandLine, digestCommand } from '../command.ts';
import { type Finding, finding } from '../finding.ts';
import type { Checked } from './checked.ts';

/** Checks for images without a digest or tag, and for the user's own images. */
export function checkDigests({ resolved, config, place }: Checked): Finding[] {
  return resolved.flatMap(({ image, source, target, override }) => {
    const name = containerName(image);
    const own = Object.hasOwn(config.overrides, name) ? config.overrides[name] : undefined;
    const ownPlace: Place | undefined = own && (place?.('overrides', name) ?? image.place);
    if (own && target.digest === undefined && image.image.digest !== undefined) {
      return finding('override-drops-digest', {
        place: ownPlace,
        message: `the override of ${name} has no digest: the container runs the image that ${formatReference(target)} points to`,
        hint: 'Add the digest of that image to the override. To print it:',
        command: digestCommand(target),
      });
    }
    const findings: Finding[] = [];
    if (!source) {
      findings.push(
        finding('own-image', {
          place: ownPlace,
          message: `${name} runs ${formatReference(target)}, your own image: it is not copied`,
          hint: 'To copy it, add a source to its override. To check that it is in the registry:',
          command: commandLine('verify', place),
        }),
      );
    }
    if (target.digest === undefined) {
      findings.push(
        finding('digest-missing', {
          place: ownPlace ?? image.place,
          message: `${name} has no digest: the image that ${formatReference(source ?? target)} points to at copy time is deployed`,
          hint: 'Add the digest as image_digest or in overrides. The command lock adds those of all tags. To print this one:',
          command: digestCommand(source ?? target),
        }),
      );
    }
    if (source && source.tag === undefined && own?.tag === undefined) {
      findings.push(
        finding('tag-made', {
          place: ownPlace ?? image.place,
          message: `${name} has no tag: its copy gets the tag ${override.tag}, so that garbage collection keeps it`,
        }),
      );
    }
    return findings;
  });
}
