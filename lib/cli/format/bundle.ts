import type { Finished } from '../../bundle/finish.ts';
import type { LoadPlan } from '../../bundle/load-plan.ts';
import { formatSize } from '../../bundle/parts.ts';
import type { BundleFailure } from '../../bundle/read-images.ts';
import type { BundleResult } from '../../bundle/write.ts';
import { count, shellWord } from '../../common/text.ts';
import { formatReference, repositoryName } from '../../image/reference.ts';

/** Describes a bundle, its digests for the other side, and the next steps there. */
export function formatBundle(
  output: string,
  { images, artifacts, own, leftOut, lacking }: BundleResult,
  { bytes, parts, digest, scriptDigest }: Finished,
): string {
  const lines = [
    `${output}: ${count(images, 'image')}${withArtifacts(artifacts)}, ${formatSize(bytes)}${parts > 1 ? ` in ${parts} parts` : ''}`,
  ];
  if (leftOut > 0)
    lines.push(`${count(leftOut, 'layer')} left out, because the registry has them from an older bundle`);
  if (own > 0) lines.push(`${count(own, 'own image')} not included: load expects them in the registry`);
  for (const { source, lacks } of lacking) {
    lines.push(`${repositoryName(source)} has no image for ${lacks.join(', ')}`);
  }
  const path = shellWord(output);
  const folder = parts > 1 ? `${path}/part-001` : path;
  lines.push(
    '',
    'Carry these digests to the other side on paper or over another channel, not on the medium:',
    ...inGroups('load.plan', digest),
    ...inGroups('load.sh', scriptDigest),
    '',
    `Next: carry ${output} to the other side. There, with ess-airgap:`,
    `  ess-airgap load ${path} --digest ${digest}`,
    'or without it, if sha256sum prints the digest above for load.sh:',
    `  sha256sum ${folder}/load.sh`,
    `  sh ${folder}/load.sh --digest ${digest}`,
  );
  return `${lines.join('\n')}\n`;
}

/** Formats a digest in groups, to read it aloud and type it: `--digest` accepts the spaces. */
function inGroups(name: string, digest: string): string[] {
  const groups = digest.slice('sha256:'.length).match(/.{8}/g) ?? [];
  return [
    `  ${name.padEnd(9)}  sha256: ${groups.slice(0, 4).join(' ')}`,
    `  ${''.padEnd(9)}          ${groups.slice(4).join(' ')}`,
  ];
}

/** The images that could not be read, and who needs them. */
export function formatFailures(output: string, failures: readonly BundleFailure[]): string {
  const blocks = failures.map(({ relocation: { source, target, containers }, reason }) =>
    [
      `failed   ${formatReference(source ?? target)}`,
      `         ${reason}`,
      `         used by ${containers.join(', ')}`,
    ].join('\n'),
  );
  blocks.push(`${output} is not complete; run the same command again to continue`);
  return `${blocks.join('\n')}\n`;
}

function withArtifacts(number: number): string {
  return number > 0 ? ` with ${count(number, 'artifact')}` : '';
}

/** What `load` would push. */
export function formatLoad({ images, own }: LoadPlan): string {
  const lines = images.map(
    ({ target, digest, artifacts }) =>
      `push    ${repositoryName(target)}:${target.tag}@${digest}${withArtifacts(artifacts.length)}`,
  );
  for (const { target } of own) lines.push(`expect  ${repositoryName(target)}:${target.tag}`);
  const artifacts = images.reduce((sum, image) => sum + image.artifacts.length, 0);
  lines.push(
    `${count(images.length, 'image')}${withArtifacts(artifacts)} would be pushed, except those that are in the registry with their digest`,
  );
  return `${lines.join('\n')}\n`;
}
