import type { Config, MirrorConfig } from '../config/schema.ts';
import { formatFinding } from '../plan/finding.ts';
import type { Plan } from '../plan/plan.ts';
import { rateBudgets } from '../plan/rate-budget.ts';

/** What a synth made and what comes next, for the person who ran it. */
export function summarize(plan: Plan, config: Config, files: readonly string[]): string {
  const servers = countBy(plan.relocations.map(({ source }) => source?.registry ?? 'your own'));
  const target = config.registry.pushServer ?? config.registry.server;
  const secrets = files.filter((file) => file.includes('ess-secrets'));
  const others = files.filter((file) => !secrets.includes(file));
  const lines = [
    ...plan.findings.map(formatFinding),
    ...(plan.findings.length > 0 ? [''] : []),
    `${plan.overrides.length} containers overridden, ${plan.excluded.length} excluded, plan ${plan.hash.slice(0, 19)}`,
    `${plan.relocations.length} distinct images to ${target}, from ${servers}`,
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
    `  2. ${apply(config, others, secrets)}`,
    `  3. In the ElementDeployment: spec.global.config.imagesDigestsConfigMap: ${config.configMap.name}`,
  ];
  if (config.pullSecret) {
    const { name } = config.pullSecret;
    lines.push(
      `     and spec.global.k8s.workloads.dockerSecrets: [{ name: ${name}, url: ${config.registry.server} }]`,
    );
  }
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

function countBy(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} (${count})`)
    .join(', ');
}
