import type { ConfigPlace } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Environment } from '../input/environment.ts';
import {
  type EnvironmentLogin,
  type LoginVariables,
  mirrorVariables,
  pullVariables,
  readLogin,
} from '../plan/environment-login.ts';
import { type Finding, finding, refuseErrors } from '../plan/finding.ts';

/** The logins of a configuration with `source: env`. */
interface EnvironmentLogins {
  /** For the nodes; none or one. */
  readonly pull: readonly EnvironmentLogin[];
  /** For the Job. */
  readonly mirror: readonly EnvironmentLogin[];
}

/**
 * The logins that a configuration takes from the environment: at synth all of them have to be there.
 *
 * @throws InputError that names every variable that is missing or holds what no registry takes, and every
 *   credential that nodes and Job share without `sharedWithNodes`
 */
export function readLogins(config: Config, environment: Environment, place?: ConfigPlace): EnvironmentLogins {
  const findings: Finding[] = [];
  const read = (variables: LoginVariables): EnvironmentLogin =>
    readLogin(variables, environment, findings, place);
  const pull = pullVariables(config).map(read);
  const mirror = mirrorVariables(config).map((variables) => {
    const login = read(variables);
    const shared = pull.some(
      ({ username, password }) => password && username === login.username && password === login.password,
    );
    if (shared && !variables.sharedWithNodes) {
      findings.push(
        finding('credential-shared', {
          place: place?.(...variables.path),
          message: `${login.passwordEnv}, for ${login.server}, and ${pull[0]?.passwordEnv}, which the nodes get, hold the same credential`,
          hint: 'Give the Job a credential of its own, or say that it is meant: sharedWithNodes: true in its entry of mirror.auth.',
        }),
      );
    }
    return login;
  });
  refuseErrors(findings);
  return { pull, mirror };
}
