import { existsSync } from 'node:fs';
import { shellWord } from '../common/text.ts';
import { configPaths } from '../config/config-paths.ts';
import type { ConfigDocument } from '../config/load.ts';
import { InputError } from '../input/problem.ts';
import { loadProject, loadProjects, openConfig, type Project } from '../project.ts';

/** What every command gets of `--config`: left out where it is not on the command line. */
interface WithConfig {
  readonly config?: readonly string[];
}

/** The configurations that the command line names, else the environment: see {@link configPaths}. */
export function configPathsOf({ config }: WithConfig): readonly string[] {
  return config ?? configPaths(process.env);
}

/** The projects of all configurations, for a command that handles several deployments. */
export function readProjects(options: WithConfig): Project[] {
  return loadProjects(configPathsOf(options));
}

/** The project of the one configuration, for a command that works on one deployment. */
export function readProject(options: WithConfig, command: string): Project {
  return loadProject(oneConfigPath(options, command));
}

/**
 * The path of the one configuration.
 *
 * @throws InputError if there are several
 */
export function oneConfigPath(options: WithConfig, command: string): string {
  const [path = '', ...others] = configPathsOf(options);
  if (others.length === 0) return path;
  throw new InputError([
    {
      message: `ess-airgap ${command} works on one deployment; found ${others.length + 1} configurations: ${[path, ...others].join(', ')}`,
      hint: 'Run it once per configuration:',
      command: `ess-airgap ${command} --config ${shellWord(path)}`,
    },
  ]);
}

/** The configuration for a command that can do without: the default may be missing, one that somebody named may not. */
export function readOptionalConfig(options: WithConfig, command: string): ConfigDocument | undefined {
  const path = oneConfigPath(options, command);
  const named = options.config !== undefined || process.env.ESS_AIRGAP_CONFIG;
  return named || existsSync(path) ? openConfig(path) : undefined;
}
