import { join } from 'node:path';
import { ApiObject, type App, Chart } from 'cdk8s';
import { redact, redactError } from '../credentials/redact.ts';
import { EssAirgap } from '../ess-airgap.ts';
import { InputError } from '../input/problem.ts';
import { formatFinding } from '../plan/finding.ts';
import type { Written } from './next-steps.ts';
import { summarize } from './summary.ts';
import { type Synthesis, type SynthesizeOptions, synthesizeApp } from './synthesize.ts';

/**
 * The last line of a cdk8s app, in place of `app.synth()`: writes the same objects, but all files or none, each with a
 * comment that says what it was made of, and says on standard error what was made and what comes next. For bad input:
 * every problem on standard error, exit code 2, and the output folder as it was. Any other error is thrown.
 */
export function synthesize(app: App, options: SynthesizeOptions = {}): void {
  try {
    const synthesis = synthesizeApp(app, options);
    // cdk8s shows what an app says on standard error and swallows the rest.
    process.stderr.write(redact(describeSynthesis(app, synthesis, options), process.env));
  } catch (error) {
    if (!(error instanceof InputError)) throw redactError(error);
    process.stderr.write(`${redact(error.message, process.env)}\n`);
    process.exitCode = 2;
  }
}

/** What a synth made and what comes next, or would change, for the person who ran it. */
export function describeSynthesis(
  app: App,
  synthesis: Synthesis,
  { check = false }: SynthesizeOptions,
): string {
  if (check) return describeCheck(app, synthesis);
  const summaries = EssAirgap.allOf(app).map((deployment) =>
    summarize(deployment.plan, deployment.config, writtenFor(deployment, synthesis)),
  );
  const removed = synthesis.removed.map(
    (name) => `Removed: ${join(synthesis.folder, name)}, which is no longer needed.\n`,
  );
  return [...summaries, ...(removed.length > 0 ? [removed.join('')] : [])].join('\n');
}

function describeCheck(app: App, { folder, files, written, removed }: Synthesis): string {
  const findings = EssAirgap.allOf(app).flatMap(({ plan }) => plan.findings.map(formatFinding));
  const would = (what: string, names: readonly string[]): string[] =>
    names.map((name) => `Would ${what} ${join(folder, name)}`);
  const changes = [...would('write', [...written].sort()), ...would('remove', removed)];
  const none = `Nothing would change: ${files.map(({ name }) => join(folder, name)).join(', ')}`;
  return `${[...findings, ...(changes.length > 0 ? changes : [none])].join('\n')}\n`;
}

function writtenFor(deployment: EssAirgap, { folder, files }: Synthesis): Written {
  const { config, mirrorJob, imageAdmissionPolicy, configPath } = deployment;
  const own = files.filter((file) => file.deployment === deployment);
  // Helm values have no chart, so an undefined chart must not match them.
  const path = (chart: Chart | undefined): string[] =>
    own.filter((file) => chart && file.chart === chart).map(({ name }) => join(folder, name));
  const [images] = path(deployment.imagesChart);
  const values = own.find(({ chart }) => chart === undefined);
  const secrets = own.filter(({ secret }) => secret);
  const inNamespace = (namespace: string | undefined): string[] =>
    secrets
      .filter(({ chart }) => namespacesOf(chart).includes(namespace))
      .map(({ name }) => join(folder, name));
  const [mirror] = mirrorJob ? path(Chart.of(mirrorJob)) : [];
  const [guard] = imageAdmissionPolicy ? path(Chart.of(imageAdmissionPolicy)) : [];
  return {
    ...(images && { images }),
    ...(values && { values: join(folder, values.name) }),
    ...(guard && { guard }),
    ...(mirror && mirrorJob && { mirror: { file: mirror, job: mirrorJob.name } }),
    secrets: { mirror: inNamespace(config.mirror?.namespace), nodes: inNamespace(config.namespace) },
    ...(configPath && configPath !== 'airgap.yaml' && { config: configPath }),
  };
}

function namespacesOf(chart: Chart | undefined): (string | undefined)[] {
  return (chart?.node.findAll() ?? [])
    .filter((it) => it instanceof ApiObject)
    .map(({ metadata }) => metadata.namespace);
}
