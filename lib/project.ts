import { isAbsolute, join } from 'node:path';
import { parseValues } from './chart/values.ts';
import { type ConfigDocument, type ConfigPlace, readConfig } from './config/load.ts';
import type { Config } from './config/schema.ts';
import { checkCredentialFiles } from './credentials/credential-files.ts';
import { rememberSecretsOf } from './credentials/known-secrets.ts';
import type { ContainerImage } from './digests/container-image.ts';
import { parseRelease, readRelease as readDigestsFile } from './digests/read.ts';
import type { Release } from './digests/release.ts';
import { readTextFile } from './input/file.ts';
import { isGitPath, readGitFile } from './input/git-file.ts';
import { collectProblems } from './input/problem.ts';
import { assertNoErrors, bySeverity, type Finding, finding } from './plan/finding.ts';
import type { Plan, ReleaseContext, ValuesFile } from './plan/model.ts';
import { makePlan } from './plan/plan.ts';
import { readPublicKey } from './signatures/public-key.ts';

/** A configuration and the plan that it makes of its digests file. */
export interface Project {
  readonly config: Config;
  readonly plan: Plan;
  /** The containers of the release, as the digests file has them. */
  readonly images: readonly ContainerImage[];
  /** What is known about that release beside its containers. */
  readonly context: ReleaseContext;
  /** Where the configuration's values stand. */
  readonly place: ConfigPlace;
}

/**
 * Reads a configuration from disk for a command or a synth. The secrets that it names are kept out of everything that is
 * printed, also if it is not valid: its errors repeat what it holds.
 *
 * @throws InputError with every problem of the configuration
 */
export function openConfig(path: string): ConfigDocument {
  rememberSecretsOf(path, process.env);
  return readConfig(path);
}

/**
 * Reads a configuration and the digests file that it names, and plans.
 *
 * @param configPath the path of an `airgap.yaml`
 * @returns the plan with all its findings; the caller decides whether errors among them end it
 *   (`assertNoErrors`)
 * @throws InputError with every problem of the configuration, or else of the digests file
 */
export function loadProject(configPath: string): Project {
  const { config, place } = openConfig(configPath);
  return { config, ...planConfig(config, place), place };
}

/**
 * Reads the files that a configuration names, and plans.
 *
 * @throws InputError with every problem of the digests file, or else of the files of Helm values
 */
export function planConfig(
  config: Config,
  place?: ConfigPlace,
): Pick<Project, 'plan' | 'images' | 'context'> {
  const { images, ...release } = readDigestsFile(inFolder(config, config.digests));
  const { mode, since } = config.guard;
  const previous = mode === 'off' || since === undefined ? undefined : readRelease(inFolder(config, since));
  const context = {
    ...readContext(release, config),
    ...(previous && { previous: previous.images }),
  };
  const plan = makePlan(images, config, place, context);
  const files = checkCredentialFiles(config, place).map((problem) => finding(problem.code, problem));
  return { plan: { ...plan, findings: bySeverity([...plan.findings, ...files]) }, images, context };
}

/**
 * What is known about a release beside its images: what belongs to these, their layers, and the files of Helm values that
 * a configuration names, if the release is one of ESS Helm.
 *
 * @throws InputError with every problem of these files
 */
export function readContext(
  { info, artifacts, signatures, layers }: Omit<Release, 'images'>,
  config: Config,
): ReleaseContext {
  const known = { info, artifacts, layers, ...(signatures && { signatures }), keys: readKeys(config) };
  if (info.product !== 'ess-helm') return { ...known, values: [] };
  const values = collectProblems(config.helm?.values ?? [], (path): ValuesFile => {
    const file = inFolder(config, path);
    const text = readTextFile(file, 'a Helm values file (helm.values)');
    return { path, text, values: parseValues(text, file) };
  });
  return { ...known, values };
}

/**
 * The plan of the release that was deployed before, by the same configuration.
 *
 * @param since its digests file, from the working directory, or `git:REV:path`. Default: guard.since
 * @returns undefined if there is none
 */
export function planPrevious(config: Config, since?: string): Plan | undefined {
  const path = since ?? (config.guard.since && inFolder(config, config.guard.since));
  if (path === undefined) return undefined;
  const release = readRelease(path);
  return makePlan(release.images, config, undefined, readContext(release, config));
}

/** The public keys that `verify` names, by the path that it has there. */
function readKeys(config: Config): ReadonlyMap<string, string> {
  const signers = config.verify?.images.flatMap(({ signedBy }) => signedBy) ?? [];
  const paths = [...new Set(signers.flatMap(({ key }) => key ?? []))];
  return new Map(collectProblems(paths, (path) => [path, readPublicKey(inFolder(config, path)).fingerprint]));
}

/** A path that a configuration names, from the working directory. */
function inFolder({ folder }: Config, path: string): string {
  return isAbsolute(path) || isGitPath(path) ? path : join(folder, path);
}

/**
 * Reads the configurations of several deployments: see {@link loadProject}.
 *
 * @throws InputError with the problems of all, or where two have the same name and so the same files
 */
export function loadProjects(configPaths: readonly string[]): Project[] {
  const projects = collectProblems(configPaths, loadProject);
  assertNoErrors(projects.flatMap((project, index) => findNameCollision(project, projects.slice(0, index))));
  return projects;
}

/** Finds the earlier deployment that has the same name, or none either: both would write the same files. */
export function findNameCollision(
  { config, place }: Pick<Project, 'config'> & Partial<Project>,
  earlier: readonly (Pick<Project, 'config'> & Partial<Project>)[],
): Finding[] {
  const other = earlier.find(({ config: { name } }) => name === config.name);
  if (!other) return [];
  const files = [other.place, place].map((it) => it?.().file ?? 'a configuration without a file');
  return [
    finding('deployment-collision', {
      place: place?.('name'),
      message: `${files.join(' and ')} have the same name (${config.name ?? 'none'}): they would write the same files`,
      hint: 'Give each its own name, such as name: staging.',
    }),
  ];
}

/**
 * The containers of a release, or of a ConfigMap, from disk or, as `git:REV:path`, from a commit.
 *
 * @throws InputError with every problem of the file
 */
export function readRelease(path: string): Release {
  if (!isGitPath(path)) return readDigestsFile(path);
  return parseRelease(readGitFile(path, 'the images_digests.yml of an ESS release'), path);
}
