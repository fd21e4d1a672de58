import type { Environment } from '../input/environment.ts';

/** What is read if nobody names another file. */
export const DEFAULT_CONFIG = 'airgap.yaml';

/** The paths of configurations in a list that is separated by commas. */
export function splitConfigFiles(list: string): string[] {
  const paths = list.split(',').map((path) => path.trim());
  return [...new Set(paths.filter((path) => path !== ''))];
}

/**
 * The configurations of an app: those that the variable `ESS_AIRGAP_CONFIG` names, separated by commas, or else
 * `airgap.yaml`.
 */
export function configFiles(environment: Environment = process.env): string[] {
  return splitConfigFiles(environment.ESS_AIRGAP_CONFIG || DEFAULT_CONFIG);
}
