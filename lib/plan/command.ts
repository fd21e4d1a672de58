import { shellWord } from '../common/text.ts';
import type { ConfigPlace } from '../config/load.ts';
import { formatReference, type ImageReference } from '../image/reference.ts';

/**
 * Returns a command of ess-airgap that can be pasted into a shell, for the configuration that a finding is about.
 *
 * @param command everything after `ess-airgap`
 */
export function commandLine(command: string, place: ConfigPlace | undefined): string {
  const file = place?.().file ?? 'airgap.yaml';
  return `ess-airgap ${command}${file === 'airgap.yaml' ? '' : ` --config ${shellWord(file)}`}`;
}

/** The command that prints the digest that a tag has now. */
export function digestCommand({ registry, repository, tag }: ImageReference): string {
  const image = formatReference({ registry, repository, ...(tag && { tag }) });
  return `skopeo inspect --format '{{.Digest}}' docker://${image}`;
}

/**
 * The command that copies an image with all its platforms and its digest; skopeo takes a tag or a digest, not both.
 */
export function copyCommand(source: ImageReference, target: ImageReference): string {
  const from = source.digest ? { ...source, tag: undefined } : source;
  const to = { ...target, digest: undefined };
  return `skopeo copy --all --preserve-digests docker://${formatReference(from)} docker://${formatReference(to)}`;
}
