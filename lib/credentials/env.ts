import type { Credential, CredentialSource, ReadContext } from './credential-source.ts';
import { faultOfPassword, faultOfUsername, type ValueFault } from './login-value.ts';

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
  howToGive: ({ config: { usernameEnv, passwordEnv } }) =>
    `Set ${usernameEnv} and ${passwordEnv} in the environment`,
  variables: ({ config: { usernameEnv, passwordEnv } }) => [usernameEnv, passwordEnv],
  files: () => [],
  read: (credential, context) => ({
    server: credential.server,
    username: readVariable(credential, 'usernameEnv', context, faultOfUsername),
    password: readVariable(credential, 'passwordEnv', context, faultOfPassword),
    from: `the value of ${credential.config.passwordEnv}`,
    holder: `the environment variables ${credential.config.usernameEnv} and ${credential.config.passwordEnv}`,
  }),
};

function readVariable(
  { config, server }: Credential<'env'>,
  key: 'usernameEnv' | 'passwordEnv',
  { environment, report }: ReadContext,
  faultOf: (value: string | undefined) => ValueFault | undefined,
): string {
  const variable = config[key];
  const value = environment[variable];
  const fault = faultOf(value);
  if (fault) {
    report(key, {
      code: fault.code,
      message: `the environment variable ${variable}, for ${server}, ${fault.what}`,
      hint: 'The credential has source: env. To set the variable in this shell without showing the value:',
      command: `read -${key === 'passwordEnv' ? 'rs' : 'r'} ${variable} && export ${variable}`,
    });
  }
  return value ?? '';
}
