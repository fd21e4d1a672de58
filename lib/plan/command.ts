import { shellWord } from '../common/text.ts';
import type { ConfigPlace } from '../config/load.ts';
import { formatReference, type ImageReference } from '../image/reference.ts';

/**
 * Returns a command of ess-airgap that can be pasted into a shell, for the configuration of a finding.
 *
 * @param command everything after `ess-airgap`
 */
export function commandLine(command: string, place: ConfigPlace | undefined): string {
  const file = place?.().file ?? 'airgap.yaml';
  return `ess-airgap ${command}${file === 'airgap.yaml' ? '' : ` --config ${shellWord(file)}`}`;
}

/** Returns the command that prints the current digest of a tag. */
export function digestCommand({ registry, repository, tag }: ImageReference): string {
  const image = formatReference({ registry, repository, ...(tag && { tag }) });
  return `skopeo inspect --format '{{.Digest}}' docker://${image}`;
}

/**
 * Returns the command that copies an image with all platforms and its digest. skopeo accepts a tag or a digest, not
 * both.
 */
export function copyCommand(source: ImageReference, target: ImageReference): string {
  const from = source.digest ? { ...source, tag: undefined } : source;
  const to = { ...target, digest: undefined };
  return `skopeo copy --all --preserve-digests docker://${formatReference(from)} docker://${formatReference(to)}`;
}
