import { join, relative } from 'node:path';
import { ApiObject, App, Chart, Names, YamlOutputType } from 'cdk8s';
import type { Construct, IConstruct } from 'constructs';
import { shellWord } from '../common/text.ts';
import { isIgnoredByGit } from '../input/git-ignore.ts';
import { formatProblem } from '../input/problem.ts';
import { errorsOf, type Finding, finding } from '../plan/finding.ts';

/** The end of the id of each chart with plain Secrets, and so of its file's name; .gitignore has it. */
export const SECRETS_CHART = 'ess-secrets';

/** The constructs of each app that make plain Secrets. */
const plainSecrets = new WeakMap<IConstruct, Construct[]>();
/** The apps in which another construct reports what {@link findCommittedSecrets} finds. */
const reported = new WeakSet<IConstruct>();

/**
 * Registers a construct that makes a plain Secret, and adds a validation: an app does not synthesise if git would
 * commit a file with one. Several constructs of one app report that once.
 */
export function validateSecretFiles(construct: Construct): void {
  const { root } = construct.node;
  const secrets = plainSecrets.get(root) ?? [];
  plainSecrets.set(root, [...secrets, construct]);
  if (secrets.length > 0) return;
  construct.node.addValidation({
    validate: () =>
      reported.has(root)
        ? []
        : errorsOf(findCommittedSecrets(App.of(construct))).map((error) => formatProblem('error', error)),
  });
}

/** Lets another construct report {@link findCommittedSecrets} for its app. */
export function claimSecretFiles({ node }: Construct): void {
  reported.add(node.root);
}

/**
 * Finds the files with plain Secrets of ours that git would commit, however the app divides its objects into files.
 * Outside of a git work tree nothing can be said.
 *
 * @returns an error for each file
 * @throws InputError in a work tree whose git cannot be asked
 */
export function findCommittedSecrets(app: App): Finding[] {
  const objects = (plainSecrets.get(app.node.root) ?? [])
    .flatMap(({ node }) => node.findAll())
    .filter((it) => it instanceof ApiObject);
  const ending = `${SECRETS_CHART}${app.outputFileExtension}`;
  const files = new Set(objects.flatMap((object) => filesOf(app, object)));
  return [...files]
    .map((file) => relative('', join(app.outdir, `${file}${app.outputFileExtension}`)))
    .filter((file) => isIgnoredByGit(file) === false)
    .map((file) =>
      finding('secrets-not-ignored', {
        message: `${file} would have plain Secrets, but git does not ignore it`,
        hint: `Add the line ${file.endsWith(ending) ? `*${ending}` : file} to .gitignore. If git has the file already, replace its credentials and run:`,
        command: `git rm --cached ${shellWord(file)}`,
      }),
    );
}

/** The files, without extension, that cdk8s may write an object to; several if it numbers the charts. */
function filesOf(app: App, object: ApiObject): string[] {
  const resource = `${object.kind}.${object.name}`.replace(/[^0-9a-zA-Z-_.]/g, '');
  const chart = Chart.of(object);
  switch (app.yamlOutputType) {
    case YamlOutputType.FILE_PER_APP:
      return ['app'];
    case YamlOutputType.FILE_PER_CHART:
      return chartNames(app, chart);
    case YamlOutputType.FILE_PER_RESOURCE:
      return [resource];
    case YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE:
      return chartNames(app, chart).map((folder) => join(folder, resource));
    default:
      throw new Error(`the yamlOutputType ${String(app.yamlOutputType)} of the app is not known`);
  }
}

/** Charts that depend on each other are numbered in an order that is known only when they are written. */
function chartNames(app: App, chart: Chart): string[] {
  const name = Names.toDnsLabel(chart);
  if (!hasDependentCharts(app)) return [name];
  return app.charts.map((_, index) => `${String(index).padStart(4, '0')}-${name}`);
}

function hasDependentCharts({ node }: App): boolean {
  return node
    .findAll()
    .some(
      (construct) =>
        (Chart.isChart(construct) && construct.node.children.some(Chart.isChart)) ||
        construct.node.dependencies.some((dependency) => chartOf(dependency) !== chartOf(construct)),
    );
}

function chartOf({ node }: IConstruct): IConstruct | undefined {
  return [...node.scopes].reverse().find(Chart.isChart);
}
