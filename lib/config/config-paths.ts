import type { Environment } from '../input/environment.ts';
import { InputError } from '../input/problem.ts';
import { quote } from '../input/quote.ts';

/**
 * The configurations that the environment names: those of `ESS_AIRGAP_CONFIG`, separated by commas, one per deployment;
 * without it `airgap.yaml`.
 *
 * @throws InputError if there is nothing between two commas
 */
export function configPaths(environment: Environment): string[] {
  const named = environment.ESS_AIRGAP_CONFIG;
  if (!named) return ['airgap.yaml'];
  const paths = named.split(',').map((path) => path.trim());
  if (!paths.includes('')) return paths;
  throw new InputError([
    {
      message: `ESS_AIRGAP_CONFIG is ${quote(named)}, with nothing between two commas; expected files, such as staging.yaml,production.yaml`,
    },
  ]);
}
