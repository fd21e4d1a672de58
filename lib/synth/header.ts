import { version } from '../../package.json';
import type { EssAirgap } from '../ess-airgap.ts';
import { FILE_HEADER } from './output-folder.ts';

/**
 * The comment that a file begins with: what it was made of and by, and how to verify it. It has nothing that differs
 * between two runs of the same version.
 *
 * @param deployment what the file belongs to; undefined for a chart of the user's own
 */
export function renderHeader(
  deployment: EssAirgap | undefined,
  { secret }: { readonly secret: boolean },
): string {
  if (!deployment) return `${FILE_HEADER}${version}.\n`;
  // Secrets do not depend on the plan. SOPS keeps the comment.
  if (secret) return `${FILE_HEADER}${version}. Holds passwords: commit it only encrypted.\n`;
  const { config, plan } = deployment;
  const lines = [
    `${FILE_HEADER}${version} from ${oneLine(config.digests)}. Do not edit: change airgap.yaml and synthesise again.`,
    `# Plan ${plan.hash}.`,
    '# To verify this file, run "ess-airgap synth" of this version with the same airgap.yaml and release file: it writes',
    '# the same bytes.',
  ];
  return `${lines.join('\n')}\n`;
}

/** A path may hold anything; a comment ends with its line. */
function oneLine(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
