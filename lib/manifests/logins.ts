import type { Config } from '../config/schema.ts';
import { type Finding, type FindingCode, finding, refuseErrors } from '../plan/finding.ts';
import type { RegistryLogin } from './registry-secret.ts';

/** The environment that credentials with `source: env` come from, as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A login and the variable that its password came from. */
export interface EnvironmentLogin extends RegistryLogin {
  readonly passwordEnv: string;
}

/** The logins of a configuration with `source: env`. */
export interface EnvironmentLogins {
  /** For the nodes; none or one. */
  readonly pull: readonly EnvironmentLogin[];
  /** For the Job. */
  readonly mirror: readonly EnvironmentLogin[];
}

/**
 * The logins that a configuration takes from the environment. Values are never repeated in a message.
 *
 * @throws InputError that names every variable that is missing or holds what no registry takes, and every
 *   credential that nodes and Job share without `sharedWithNodes`
 */
export function readLogins(config: Config, environment: Environment): EnvironmentLogins {
  const { mirror, pullSecret, registry } = config;
  const findings: Finding[] = [];
  const read = (login: LoginVariables): EnvironmentLogin => readLogin(login, environment, findings);
  const pull = pullSecret?.source === 'env' ? [read({ ...pullSecret, server: registry.server })] : [];
  const wanted = mirror?.auth.filter((auth) => auth.source === 'env') ?? [];
  const logins = wanted.map(read);
  for (const [index, login] of logins.entries()) {
    const shared = pull.some(
      ({ username, password }) => password && username === login.username && password === login.password,
    );
    if (!shared || wanted[index]?.sharedWithNodes) continue;
    findings.push(
      finding('credential-shared', {
        message: `${login.passwordEnv}, for ${login.server}, and ${pull[0]?.passwordEnv}, which the nodes get, hold the same credential`,
        hint: 'Give the Job a credential of its own, or say that it is meant: sharedWithNodes: true in its entry of mirror.auth.',
      }),
    );
  }
  refuseErrors(findings);
  return { pull, mirror: logins };
}

interface LoginVariables {
  readonly server: string;
  readonly usernameEnv: string;
  readonly passwordEnv: string;
}

function readLogin(
  { server, usernameEnv, passwordEnv }: LoginVariables,
  environment: Environment,
  findings: Finding[],
): EnvironmentLogin {
  const wrong = (code: FindingCode, variable: string, what: string): void => {
    findings.push(
      finding(code, {
        message: `the environment variable ${variable}, for ${server}, ${what}`,
        hint: `Set it in the environment of the synth: export ${variable}=… (in airgap.yaml the credential has source: env).`,
      }),
    );
  };
  const read = (variable: string): string => {
    const value = environment[variable];
    if (value === undefined) wrong('credential-unset', variable, 'is not set');
    else if (value === '') wrong('credential-empty', variable, 'is empty');
    else if (/[\p{Cc}\u2028\u2029]/u.test(value))
      wrong('credential-control-character', variable, 'holds a line break or another control character');
    return value ?? '';
  };
  const username = read(usernameEnv);
  if (username.includes(':'))
    wrong('credential-colon', usernameEnv, 'holds a colon, which ends a user name (RFC 7617)');
  return { server, username, password: read(passwordEnv), passwordEnv };
}
