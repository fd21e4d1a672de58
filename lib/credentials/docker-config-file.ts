import { InputError } from '../input/problem.ts';
import type { Credential, CredentialProblem, CredentialSource, ReadContext } from './credential-source.ts';
import { type DockerConfig, type DockerEntry, parseDockerConfig } from './docker-config.ts';
import { faultOfPassword, faultOfUsername } from './login-value.ts';
import { mostSpecific } from './select.ts';

/**
 * A docker config (`config.json`, `auth.json`) on the machine that synthesises, as `docker login` and `skopeo login`
 * write it. Only the login for the credential's own server is taken from it.
 */
export const file: CredentialSource<'file'> = {
  secret: 'plain',
  secretName: ({ config }) => config.name,
  identity: ({ config: { path }, server }) => ({
    id: JSON.stringify([path, server]),
    shared: `the login for ${server} in ${path}`,
  }),
  isOneSecret: (a, b) => a.server !== b.server,
  isGiven: ({ config }, { readFile }) => readFile(config.path) !== undefined,
  howToGive: ({ config }) => `Make the file ${config.path}`,
  variables: () => [],
  files: ({ config }) => [config.path],
  read(credential, context) {
    const { path } = credential.config;
    const entry = readEntry(credential, context);
    const { username = '', password = '' } = entry ?? {};
    const from = `the password for ${credential.server} in ${path}`;
    return { server: credential.server, username, password, from, holder: path };
  },
};

function readEntry(credential: Credential<'file'>, context: ReadContext): DockerEntry | undefined {
  const { config, server } = credential;
  const { path } = config;
  const fail = (
    message: string,
    hint: string,
    code: CredentialProblem['code'] = 'credential-file',
  ): undefined => {
    context.report('path', { code, message, hint });
    return undefined;
  };
  let dockerConfig: DockerConfig;
  try {
    const text = context.readFile(path);
    if (text === undefined) {
      return fail(
        `the file ${path} with the login for ${server} does not exist`,
        `The path is relative to the folder of airgap.yaml. To make it: skopeo login --authfile ${path} ${server}`,
      );
    }
    dockerConfig = parseDockerConfig(text, path);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    for (const problem of error.problems) context.report('path', { ...problem, code: 'credential-file' });
    return undefined;
  }
  const entry = mostSpecific(server, dockerConfig.auths);
  if (entry?.identityToken !== undefined) {
    return fail(
      `${path} has an identity token for ${server}: nodes cannot pull with one, and it expires`,
      'Log in with the user name and password, or access token, of a robot account.',
    );
  }
  if (entry?.username === undefined || entry.password === undefined) {
    const helper = dockerConfig.credHelpers.get(server.split('/')[0] ?? '') ?? dockerConfig.credsStore;
    if (helper && /^[\w.-]{1,100}$/.test(helper)) {
      return fail(
        `${path} has the login for ${server} in docker-credential-${helper}, but synth does not run credential helpers`,
        `Write a file that holds the login itself: skopeo login --authfile FILE ${server}`,
      );
    }
    return fail(
      `${path} has no login for ${server}; ${describeServers(dockerConfig)}`,
      `To add one: skopeo login --authfile ${path} ${server}`,
    );
  }
  const wrong = faultOfUsername(entry.username);
  if (wrong) fail(`the user name for ${server} in ${path} ${wrong.what}`, 'Log in again.', wrong.code);
  const bad = faultOfPassword(entry.password);
  if (bad) fail(`the password for ${server} in ${path} ${bad.what}`, 'Log in again.', bad.code);
  return entry;
}

/** Servers are no secrets; what is not the name of one may be. */
function describeServers({ auths }: DockerConfig): string {
  const named = auths.filter(({ username }) => username !== undefined).map(({ server }) => server);
  const known = named.filter((server) => /^[\w.:/-]{1,255}$/.test(server)).slice(0, 10);
  return known.length > 0 ? `it has one for ${known.join(', ')}` : 'it has none for any server';
}
