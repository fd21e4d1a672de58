import { isAbsolute, join } from 'node:path';
import { type ConfigPlace, readConfig } from './config/load.ts';
import type { Config } from './config/schema.ts';
import { checkCredentialFiles } from './credentials/credential-files.ts';
import { rememberSecretsOf } from './credentials/known-secrets.ts';
import type { ContainerImage } from './digests/container-image.ts';
import { parseDigests, readDigests } from './digests/read.ts';
import { isGitPath, readGitFile } from './input/git-file.ts';
import { collectProblems } from './input/problem.ts';
import { bySeverity, type Finding, finding, refuseErrors } from './plan/finding.ts';
import type { Plan } from './plan/model.ts';
import { makePlan } from './plan/plan.ts';

/** A configuration and the plan that it makes of its digests file. */
export interface Project {
  readonly config: Config;
  readonly plan: Plan;
  /** The containers of the release, as the digests file has them. */
  readonly images: readonly ContainerImage[];
  /** Where the configuration's values stand. */
  readonly place: ConfigPlace;
}

/**
 * Reads a configuration and the digests file that it names, and plans.
 *
 * @param configPath the path of an `airgap.yaml`
 * @returns the plan with all its findings; the caller decides whether errors among them end it
 *   (`refuseErrors`)
 * @throws InputError with every problem of the configuration, or else of the digests file
 */
export function loadProject(configPath: string): Project {
  rememberSecretsOf(configPath, process.env);
  const { config, place } = readConfig(configPath);
  return { config, ...planConfig(config, place), place };
}

/**
 * Reads the files that a configuration names, and plans.
 *
 * @throws InputError with every problem of the digests file
 */
export function planConfig(config: Config, place?: ConfigPlace): { plan: Plan; images: ContainerImage[] } {
  const images = readDigests(inFolder(config, config.digests));
  const { mode, since } = config.guard;
  const previous = mode === 'off' || since === undefined ? undefined : readRelease(inFolder(config, since));
  const plan = makePlan(images, config, place, previous);
  const files = checkCredentialFiles(config, place).map((problem) => finding(problem.code, problem));
  return { plan: { ...plan, findings: bySeverity([...plan.findings, ...files]) }, images };
}

/**
 * The plan of the release that was deployed before, by the same configuration.
 *
 * @param since its digests file, from the working directory, or `git:REV:path`. Default: guard.since
 * @returns undefined if there is none
 */
export function planPrevious(config: Config, since?: string): Plan | undefined {
  const path = since ?? (config.guard.since && inFolder(config, config.guard.since));
  return path === undefined ? undefined : makePlan(readRelease(path), config);
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
  refuseErrors(projects.flatMap((project, index) => findNameCollision(project, projects.slice(0, index))));
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
      message: `${files.join(' and ')} are both called ${config.name ?? 'nothing'}: they would write the same files`,
      hint: 'Give each a name of its own: name: staging.',
    }),
  ];
}

/**
 * The containers of a release, or of a ConfigMap, from disk or, as `git:REV:path`, from a commit.
 *
 * @throws InputError with every problem of the file
 */
export function readRelease(path: string): ContainerImage[] {
  if (!isGitPath(path)) return readDigests(path);
  return parseDigests(readGitFile(path, 'the images_digests.yml of an ESS release'), path);
}
