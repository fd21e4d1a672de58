import type { Config, MirrorConfig } from '../config/schema.ts';
import { shortDigest } from '../image/reference.ts';
import { formatFinding } from '../plan/finding.ts';
import type { Plan } from '../plan/model.ts';
import { formatCounts, formatTreatments, overviewOf } from '../plan/overview.ts';
import { rateBudgets } from '../plan/rate-budget.ts';
import { formatSteps, nextSteps, type Written } from './next-steps.ts';

/** What a synth made of one deployment, and what comes next, for the person who ran it. */
export function summarize(plan: Plan, config: Config, written: Written): string {
  const { totals } = overviewOf(plan);
  const own = plan.relocations.filter(({ source }) => !source).length;
  const sources = formatCounts({ ...totals.sources, ...(own > 0 && { 'your own': own }) });
  const target = config.registry.pushServer ?? config.registry.server;
  const secrets = new Set([...written.secrets.mirror, ...written.secrets.nodes]);
  const lines = [
    ...plan.findings.map(formatFinding),
    ...(plan.findings.length > 0 ? [''] : []),
    `${formatTreatments(totals)}, plan ${shortDigest(plan.hash)}`,
    `${totals.images} distinct ${totals.images === 1 ? 'image' : 'images'} to ${target}, from ${sources}`,
    ...(config.mirror?.mode === 'copy'
      ? [`Manifest requests of a first run: ${rates(plan, config.mirror)}`]
      : []),
    '',
    'Written:',
    ...(written.images ? [`  ${written.images}`] : []),
    ...(written.values ? [`  ${written.values}`] : []),
    ...(written.mirror ? [`  ${written.mirror.file}`] : []),
    ...(written.guard ? [`  ${written.guard}  (cluster-scoped)`] : []),
    ...[...secrets].map((file) => `  ${file}  (plain Secrets: git ignores this file; do not commit it)`),
    '',
    config.name ? `Next, for the deployment ${config.name}:` : 'Next:',
    ...formatSteps(nextSteps(plan, config, written)),
  ];
  return `${lines.join('\n')}\n`;
}

function rates({ relocations }: Plan, mirror: MirrorConfig): string {
  const budgets = rateBudgets(relocations, mirror).map(
    ({ server, images, requests }) => `${server} ${images} to about ${requests}`,
  );
  return budgets.join(', ') || 'none';
}
