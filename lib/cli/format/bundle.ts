import type { BundleFailure, BundleResult } from '../../bundle/write.ts';
import { formatReference } from '../../image/reference.ts';

/** What a bundle holds, what it does not, and what to do with it. */
export function formatBundle(output: string, result: BundleResult): string {
  const { images, own, leftOut, bytes, parts, digest } = result;
  const lines = [
    `${output}: ${images} images, ${bytes} bytes${parts > 1 ? ` in ${parts} parts` : ''}`,
    `load.plan is ${digest}; compare it on the other side`,
  ];
  if (leftOut > 0) lines.push(`${leftOut} layers are left out: the registry has them from an older bundle`);
  if (own > 0) lines.push(`${own} images of your own are not in it: load expects them in the registry`);
  const folder = parts > 1 ? `${output}/part-001` : output;
  lines.push(`Next: carry ${output} over, and there: sh ${folder}/load.sh, or ess-airgap load ${output}`);
  return `${lines.join('\n')}\n`;
}

/** What could not be had, and who needs it. */
export function formatFailures(output: string, failures: readonly BundleFailure[]): string {
  const blocks = failures.map(({ relocation: { source, target, containers }, reason }) =>
    [
      `failed   ${formatReference(source ?? target)}`,
      `         ${reason}`,
      `         used by ${containers.join(', ')}`,
    ].join('\n'),
  );
  blocks.push(`${output} is not complete; the same command goes on where this one ended`);
  return `${blocks.join('\n')}\n`;
}
