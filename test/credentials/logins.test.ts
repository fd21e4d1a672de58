import { expect, test } from 'vitest';
import { readGivenLogins, withoutLogins } from '../../lib/credentials/logins.ts';
import { parseConfig } from '../../lib/index.ts';

const { config } = parseConfig(
  `apiVersion: ess-airgap/v1
registry: { server: localregistry.local }
pullSecret: { name: pull, source: env }
mirror:
  image: x.example/skopeo:1
  auth:
    - { server: docker.io, source: env, usernameEnv: HUB_USER, passwordEnv: HUB_TOKEN }
    - { server: quay.io, source: existing, name: quay }
`,
  'airgap.yaml',
);

test('a login that the environment does not have is left to skopeo login', () => {
  expect(readGivenLogins(config, {})).toEqual([]);
  expect(readGivenLogins(config, { ESS_AIRGAP_PULL_USERNAME: '' })).toEqual([]);
  expect(readGivenLogins(config, { HUB_USER: 'u', HUB_TOKEN: 'p' })).toMatchObject([
    { server: 'docker.io', username: 'u', password: 'p' },
  ]);
});

test.each([
  [{ HUB_USER: 'u' }, 'HUB_TOKEN, for docker.io, is not set [credential-unset]'],
  [{ HUB_TOKEN: 'hunter2', HUB_USER: '' }, 'HUB_USER, for docker.io, is empty [credential-empty]'],
  [{ HUB_USER: 'hunter2:u', HUB_TOKEN: 'p' }, 'HUB_USER, for docker.io, has a colon'],
  [{ HUB_USER: 'u', HUB_TOKEN: 'hunter2\u2028' }, 'HUB_TOKEN, for docker.io, has a line break'],
])('half a login, or one that no registry takes, is refused: %j', (environment, message) => {
  const read = () => readGivenLogins(config, environment);
  expect(read).toThrow(message);
  expect(read).not.toThrow('hunter2');
});

test('what runs skopeo is given the rest of the environment', () => {
  const environment = { HUB_USER: 'u', HUB_TOKEN: 'p', ESS_AIRGAP_PULL_PASSWORD: 'q', PATH: '/bin' };
  expect(withoutLogins(config, environment)).toEqual({ PATH: '/bin' });
});
