import { join, relative } from 'node:path';
import { type App, Chart, Names, Yaml, YamlOutputType } from 'cdk8s';
import { EssAirgap } from '../ess-airgap.ts';
import { InputError, type Problem } from '../input/problem.ts';
import { findViolations } from '../validation/violations.ts';
import { renderHeader } from './header.ts';
import { compareFiles, type OutputFile, type Replaced, replaceFiles } from './output-folder.ts';

export interface SynthesizeOptions {
  /**
   * Write nothing: only find what stands against it, and what would change.
   * @default false
   */
  readonly check?: boolean;
  /**
   * Apply the rules of `ManifestValidation` to every object of the app.
   * @default true
   */
  readonly rules?: boolean;
}

/** What a synth made, or would make. */
export interface Synthesis extends Replaced {
  /** The folder, from the working directory. */
  readonly folder: string;
  readonly files: readonly SynthesizedFile[];
}

/** A file of the output folder and where it comes from. */
export interface SynthesizedFile extends OutputFile {
  /** Undefined for a file that is no manifest: the Helm values of a deployment. */
  readonly chart: Chart | undefined;
  /** Undefined for a chart of the user's own. */
  readonly deployment: EssAirgap | undefined;
}

/**
 * Writes an app as `app.synth()` does, a file per chart with a comment in front, but all files or none: validates
 * everything first, and then replaces what is in the output folder at once.
 *
 * @throws InputError with every problem; then the output folder is as it was
 */
export function synthesizeApp(app: App, { check = false, rules = true }: SynthesizeOptions = {}): Synthesis {
  if (app.yamlOutputType !== YamlOutputType.FILE_PER_CHART)
    throw new Error('only one file per chart can be written; use app.synth() for another yamlOutputType');
  const problems = validate(app);
  if (problems.length > 0) throw new InputError(problems);

  const folder = relative('', app.outdir) || '.';
  const rendered = EssAirgap.whileValid(app, () => render(app));
  const broken = rules
    ? findViolations(rendered.map(({ name, objects }) => ({ path: join(folder, name), manifests: objects })))
    : [];
  if (broken.length > 0) throw new InputError(broken);
  // Of what is interrupted between two files, the mirror is the newer: images before the ConfigMap that names them.
  const last = [...rendered].reverse();
  const replaced = check ? compareFiles(folder, last) : replaceFiles(folder, last);
  return { folder, files: rendered, ...replaced };
}

/** What every construct has against itself, with its place where that is known. */
function validate(app: App): Problem[] {
  return app.node.findAll().flatMap((construct): Problem[] => {
    if (construct instanceof EssAirgap) return construct.problems();
    const { path } = construct.node;
    return construct.node.validate().map((message) => ({ message: path ? `[${path}] ${message}` : message }));
  });
}

function render(app: App): (SynthesizedFile & { readonly objects: readonly unknown[] })[] {
  const owners = new Map(
    EssAirgap.allOf(app).flatMap((deployment) =>
      deployment.charts.map((chart) => [chart, deployment] as const),
    ),
  );
  const objects = new Map(app.charts.map((chart) => [chart, chart.toJson()]));
  // As cdk8s does: charts that depend on each other are numbered.
  const { charts } = app;
  const values = EssAirgap.allOf(app).flatMap((deployment) => {
    const { valuesFile } = deployment;
    if (!valuesFile) return [];
    const text = renderHeader(deployment, { secret: false }) + valuesFile.text;
    return { name: valuesFile.name, text, secret: false, chart: undefined, deployment, objects: [] };
  });
  const numbered = charts.some(({ node }) => node.dependencies.some(Chart.isChart));
  const manifests = charts.map((chart, index) => {
    const deployment = owners.get(chart);
    const secret = deployment?.secretsCharts.includes(chart) ?? false;
    const number = numbered ? `${String(index).padStart(4, '0')}-` : '';
    const made = objects.get(chart) ?? [];
    return {
      name: `${number}${Names.toDnsLabel(chart)}${app.outputFileExtension}`,
      text: renderHeader(deployment, { secret }) + Yaml.stringify(...made),
      secret,
      chart,
      deployment,
      objects: made,
    };
  });
  return [...manifests, ...values];
}
