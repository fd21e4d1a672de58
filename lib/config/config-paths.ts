import type { Environment } from '../input/environment.ts';
import { InputError } from '../input/problem.ts';
import { quote } from '../input/quote.ts';

/**
 * Returns the paths of the configurations, one per deployment: those in `ESS_AIRGAP_CONFIG`, separated by commas, or
 * `airgap.yaml` if it is not set.
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
      message: `ESS_AIRGAP_CONFIG is ${quote(named)} and has an empty entry; expected paths separated by commas, such as staging.yaml,production.yaml`,
    },
  ]);
}
