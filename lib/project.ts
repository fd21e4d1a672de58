import { dirname, isAbsolute, join } from 'node:path';
import { parseValues } from './chart/values.ts';
import { type ConfigPlace, readConfig } from './config/load.ts';
import type { Config } from './config/schema.ts';
import { checkCredentialFiles } from './credentials/credential-files.ts';
import { rememberSecretsOf } from './credentials/known-secrets.ts';
import type { ContainerImage } from './digests/container-image.ts';
import { parseRelease, readRelease as readDigestsFile } from './digests/read.ts';
import type { Release, ReleaseInfo } from './digests/release.ts';
import { readTextFile } from './input/file.ts';
import { isGitPath, readGitFile } from './input/git-file.ts';
import { collectProblems } from './input/problem.ts';
import { bySeverity, finding, refuseErrors } from './plan/finding.ts';
import type { Plan, ReleaseContext, ValuesFile } from './plan/model.ts';
import { makePlan } from './plan/plan.ts';

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
  const { info, images } = readDigestsFile(besideOf(configPath, config.digests));
  const context = readContext(info, config, configPath);
  const plan = makePlan(images, config, place, context);
  const files = checkCredentialFiles(config, place).map((problem) => finding(problem.code, problem));
  return {
    config,
    plan: { ...plan, findings: bySeverity([...plan.findings, ...files]) },
    images,
    context,
    place,
  };
}

/**
 * What is known about a release beside its images: the files of Helm values that a configuration names, if the release
 * is one of ESS Helm.
 *
 * @throws InputError with every problem of these files
 */
export function readContext(info: ReleaseInfo, config: Config, configPath: string): ReleaseContext {
  if (info.product !== 'ess-helm') return { info, values: [] };
  const values = collectProblems(config.helm?.values ?? [], (path): ValuesFile => {
    const text = readTextFile(besideOf(configPath, path), 'a file of Helm values (helm.values)');
    return { path, text, values: parseValues(text, besideOf(configPath, path)) };
  });
  return { info, values };
}

/** A path of a configuration, which is relative to its file. */
function besideOf(configPath: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(configPath), path);
}

/**
 * Reads the configurations of several deployments: see {@link loadProject}.
 *
 * @throws InputError with the problems of all, or where two have the same name and so the same files
 */
export function loadProjects(configPaths: readonly string[]): Project[] {
  const projects = collectProblems(configPaths, loadProject);
  const first = new Map<string | undefined, Project>();
  const findings = projects.flatMap((project) => {
    const { name } = project.config;
    const other = first.get(name);
    if (!other) {
      first.set(name, project);
      return [];
    }
    return finding('deployment-collision', {
      place: project.place('name'),
      message: `${other.place().file} and ${project.place().file} are both called ${name ?? 'nothing'}: they would write the same files`,
      hint: 'Give each a name of its own: name: staging.',
    });
  });
  refuseErrors(findings);
  return projects;
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
