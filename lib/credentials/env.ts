import type { Credential, CredentialFault, CredentialSource, ReadContext } from './credential-source.ts';

/** The Secret that holds all credentials of the mirror that come from the environment. */
const MIRROR_SECRET = 'ess-mirror-auth';

/** A user name and password in environment variables. */
export const env: CredentialSource<'env'> = {
  secret: 'plain',
  secretName: ({ config }) => ('name' in config ? config.name : MIRROR_SECRET),
  identity: ({ config: { passwordEnv } }) => ({
    id: passwordEnv,
    shared: `the environment variable ${passwordEnv}`,
  }),
  isOneSecret: () => true,
  isGiven: ({ config: { usernameEnv, passwordEnv } }, { environment }) =>
    Boolean(environment[usernameEnv] || environment[passwordEnv]),
  variables: ({ config: { usernameEnv, passwordEnv } }) => [usernameEnv, passwordEnv],
  read(credential, context) {
    const username = readVariable(credential, 'usernameEnv', context);
    const password = readVariable(credential, 'passwordEnv', context);
    if (username.includes(':')) {
      const what = 'holds a colon, which ends a user name (RFC 7617)';
      reportVariable(credential, 'usernameEnv', context, 'credential-colon', what);
    }
    const from = `the value of ${credential.config.passwordEnv}`;
    return { server: credential.server, username, password, from };
  },
};

type VariableKey = 'usernameEnv' | 'passwordEnv';

function readVariable(credential: Credential<'env'>, key: VariableKey, context: ReadContext): string {
  const value = context.environment[credential.config[key]];
  const report = (code: CredentialFault, what: string): void =>
    reportVariable(credential, key, context, code, what);
  if (value === undefined) report('credential-unset', 'is not set');
  else if (value === '') report('credential-empty', 'is empty');
  else if (/[\p{Cc}\u2028\u2029]/u.test(value))
    report('credential-control-character', 'holds a line break or another control character');
  return value ?? '';
}

function reportVariable(
  { config, server }: Credential<'env'>,
  key: VariableKey,
  { report }: ReadContext,
  code: CredentialFault,
  what: string,
): void {
  const variable = config[key];
  report(key, {
    code,
    message: `the environment variable ${variable}, for ${server}, ${what}`,
    hint: `Set it in the environment of this command: export ${variable}=… (the credential has source: env).`,
  });
}
