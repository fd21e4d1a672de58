import { dirname, isAbsolute, join } from 'node:path';
import { readConfig } from './config/load.ts';
import type { Config } from './config/schema.ts';
import { readDigests } from './digests/read.ts';
import { collectProblems, type Place } from './input/problem.ts';
import { finding, refuseErrors } from './plan/finding.ts';
import { makePlan, type Plan } from './plan/plan.ts';

/** A configuration and the plan that it makes of its digests file. */
export interface Project {
  readonly config: Config;
  readonly plan: Plan;
  /** The place of the configuration's name, for messages. */
  readonly place: Place;
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
  const { config, place } = readConfig(configPath);
  const { digests } = config;
  const images = readDigests(isAbsolute(digests) ? digests : join(dirname(configPath), digests));
  return { config, plan: makePlan(images, config, place), place: place('name') };
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
      place: project.place,
      message: `${other.place.file} and ${project.place.file} are both called ${name ?? 'nothing'}: they would write the same files`,
      hint: 'Give each a name of its own: name: staging.',
    });
  });
  refuseErrors(findings);
  return projects;
}
