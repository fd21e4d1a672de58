import type { Config, MirrorConfig } from '../config/schema.ts';
import { shortDigest } from '../image/reference.ts';
import { SECRETS_CHART } from '../manifests/committed-secrets.ts';
import { formatFinding } from '../plan/finding.ts';
import type { Plan } from '../plan/model.ts';
import { formatCounts, formatTreatments, overviewOf } from '../plan/overview.ts';
import { productOf } from '../plan/products/index.ts';
import { rateBudgets } from '../plan/rate-budget.ts';

/** What a synth made and what comes next, for the person who ran it. */
export function summarize(plan: Plan, config: Config, files: readonly string[]): string {
  const { totals } = overviewOf(plan);
  const own = plan.relocations.filter(({ source }) => !source).length;
  const sources = formatCounts({ ...totals.sources, ...(own > 0 && { 'your own': own }) });
  const target = config.registry.pushServer ?? config.registry.server;
  const secrets = files.filter((file) => file.includes(SECRETS_CHART));
  const others = files.filter((file) => !secrets.includes(file));
  const manifests = others.filter((file) => /\.ya?ml$/.test(file));
  const lines = [
    ...plan.findings.map(formatFinding),
    ...(plan.findings.length > 0 ? [''] : []),
    `${formatTreatments(totals)}, plan ${shortDigest(plan.hash)}`,
    `${totals.images} distinct images to ${target}, from ${sources}`,
    ...(config.mirror?.mode === 'copy'
      ? [`A first run's manifest requests: ${rates(plan, config.mirror)}`]
      : []),
    '',
    'Written:',
    ...others.map((file) => `  ${file}`),
    ...secrets.map((file) => `  ${file}  (plain Secrets: git ignores it, keep it so)`),
    '',
    'Next:',
    '  1. Review the files.',
    `  2. ${apply(config, manifests, secrets)}`,
    ...productOf(plan.release)
      .lastStep(plan, config, others)
      .map((line, index) => `  ${index === 0 ? '3.' : '  '} ${line}`),
  ];
  return `${lines.join('\n')}\n`;
}

function apply(config: Config, others: readonly string[], secrets: readonly string[]): string {
  const kubectl = (files: readonly string[]): string =>
    `kubectl apply${files.map((file) => ` -f ${file}`).join('')}`;
  if (config.gitops === 'none') return kubectl([...others, ...secrets]);
  const tool = config.gitops === 'argocd' ? 'Argo CD' : 'Flux';
  const alone = secrets.length > 0 ? ` What git ignores is for you to apply: ${kubectl(secrets)}` : '';
  return `Commit the files: ${tool} applies them.${alone}`;
}

function rates({ relocations }: Plan, mirror: MirrorConfig): string {
  const budgets = rateBudgets(relocations, mirror).map(
    ({ server, images, requests }) => `${server} ${images} to about ${requests}`,
  );
  return budgets.join(', ') || 'none';
}
