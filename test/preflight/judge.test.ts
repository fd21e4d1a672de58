import { describe, expect, test } from 'vitest';
import { makePlan } from '../../lib/plan/plan.ts';
import { wouldFail } from '../../lib/preflight/answer.ts';
import { judge } from '../../lib/preflight/judge.ts';
import { formatTime } from '../../lib/preflight/judge-copy.ts';
import type { Observation, ObservedServer } from '../../lib/preflight/observation.ts';
import { questionsOf } from '../../lib/preflight/questions.ts';
import { configWith, containers } from '../support/digests.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const release = {
  'synapse/synapse': `ghcr.io/element-hq/deep/synapse:v1@${DIGEST}`,
  'synapse/redis': `docker.io/library/redis:7@sha256:${'b'.repeat(64)}`,
  'haproxy/haproxy': `docker.io/library/haproxy:3@sha256:${'c'.repeat(64)}`,
};

type Registry = NonNullable<Parameters<typeof configWith>[0]>['registry'];

function setting(registry: Registry, mirror: object | null = {}) {
  const config = configWith({
    registry: { server: 'registry.example', path: 'ess', ...registry },
    ...(mirror && { mirror: { image: `registry.example/skopeo:1@${DIGEST}`, ...mirror } }),
  } as Parameters<typeof configWith>[0]);
  return { config, plan: makePlan(containers(release), config) };
}

const seen = (
  server: string,
  role: ObservedServer['role'],
  more: Partial<ObservedServer> = {},
): ObservedServer => ({
  server,
  role,
  insecure: false,
  login: { asked: false },
  images: [{ image: { registry: server, repository: 'x', tag: '1' }, digest: DIGEST }],
  ...more,
});

const observation = (more: Partial<Observation>): Observation => ({
  servers: [],
  pushes: [],
  now: new Date('2027-01-01T00:00:00Z'),
  ...more,
});

describe('which questions', () => {
  test.each([
    [{}, ['ess/element-hq/deep/synapse']],
    [{ profile: 'harbor' }, ['ess/element-hq/deep/synapse']],
    [{ path: undefined }, ['library/haproxy', 'element-hq/deep/synapse']],
    [{ profile: 'ecr' }, ['ess/library/haproxy', 'ess/library/redis', 'ess/element-hq/deep/synapse']],
  ] as [Registry, string[]][])('%j: an upload to %j', (registry, repositories) => {
    const { plan, config } = setting(registry);
    const { pushes } = questionsOf(plan, config);
    expect(pushes.map(({ repository }) => repository).sort()).toEqual([...repositories].sort());
  });

  test('a pull-through cache is only asked as nodes do', () => {
    const { plan, config } = setting({ pullThrough: true }, null);
    const { servers, pushes } = questionsOf(plan, config);
    expect(servers.map(({ server, role }) => [server, role])).toEqual([['registry.example', 'nodes']]);
    expect(pushes).toEqual([]);
  });

  test('every server once for what it is needed', () => {
    const { plan, config } = setting({ pushServer: 'push.example:8443' }, { insecure: ['docker.io'] });
    const asked = questionsOf(plan, config).servers.map(({ server, role, insecure, images }) => [
      server,
      role,
      insecure,
      images.length,
    ]);
    expect(asked).toEqual([
      ['docker.io', 'source', true, 2],
      ['ghcr.io', 'source', false, 1],
      ['push.example:8443', 'target', false, 3],
      ['registry.example', 'nodes', false, 3],
    ]);
  });
});

describe('what it means', () => {
  test.each<[string, Registry, Partial<Observation>, RegExp]>([
    [
      'a certificate that expires soon',
      {},
      { servers: [seen('a', 'target', { certificate: { issuer: 'X', validTo: new Date('2027-01-10') } })] },
      /^warning a tls trusted certificate of the CA "X", valid until 2027-01-10; Renew it: nodes and the Job reject it after/,
    ],
    [
      'a proxy',
      {},
      { servers: [seen('a', 'target', { proxy: 'proxy.example:3128' })] },
      /^ok a name reached through the proxy proxy\.example:3128; \nok a tls checked through the proxy/,
    ],
    [
      'a repository that ECR does not create',
      { profile: 'ecr' },
      {
        servers: [seen('a', 'target')],
        pushes: [
          { server: 'a', repository: 'ess/x', refusal: { kind: 'unexpected', status: 404, message: 'm' } },
        ],
      },
      /failed a push m; Create the ECR repository "ess\/x" before the copy/,
    ],
    [
      'a path that is too deep',
      { path: 'ess/project', profile: 'gitlab' },
      {
        servers: [seen('a', 'target')],
        pushes: [
          {
            server: 'a',
            repository: 'ess/project/x/y/z',
            refusal: { kind: 'unexpected', status: 400, message: 'm' },
          },
        ],
      },
      /failed a push m; The registry does not accept this path: use layout flat/,
    ],
    [
      'another image at the tag',
      {},
      {
        present: [
          {
            image: { registry: 'registry.example', repository: 'ess/library/redis', tag: '7' },
            result: 'different',
            containers: [],
          },
        ],
      },
      /warning the copy images the registry has another image at registry\.example\/ess\/library\/redis:7; The copy replaces it/,
    ],
    [
      'one server whose clock is wrong',
      {},
      { servers: [seen('a', 'source', { clockSkew: -3600 }), seen('b', 'source', { clockSkew: 1 })] },
      /warning a clock the clock of this machine is 1h ahead of a; Synchronise it with NTP:/,
    ],
    [
      'an old skopeo',
      {},
      { skopeo: '1.8.0' },
      /warning this machine skopeo skopeo 1\.8\.0 is older than 1\.9/,
    ],
    ['a skopeo of today', {}, { skopeo: '1.22.0' }, /^ok this machine skopeo skopeo 1\.22\.0; $/],
    [
      'pulls, with chosen platforms',
      {},
      { servers: [seen('docker.io', 'source', { rateLimit: { remaining: 1000, limit: 2000 } })] },
      /ok docker\.io quota 1000 of 2000 pulls left; the copy needs at most 18/,
    ],
  ])('%s', (_name, registry, what, words) => {
    const { plan, config } = setting(registry);
    const answers = judge(observation(what), plan, config);
    const lines = answers.map(
      ({ result, about, check, message, hint = '' }) => `${result} ${about} ${check} ${message}; ${hint}`,
    );
    expect(lines.join('\n')).toMatch(words);
    expect(wouldFail(answers)).toBe(lines.some((line) => line.startsWith('failed')));
  });

  test('what nodes cannot read before the copy is only a warning, a refused login is not', () => {
    const { plan, config } = setting({});
    const nodes = (status: number) =>
      seen('a', 'nodes', {
        login: { asked: true, from: 'the value of X' },
        images: [
          {
            image: { registry: 'a', repository: 'x' },
            refusal: { kind: 'unauthorized', status, message: 'm' },
          },
        ],
      });
    const resultsOf = (status: number) =>
      judge(observation({ servers: [nodes(status)] }), plan, config).map(({ result }) => result);
    expect(resultsOf(403)).toEqual(['warning']);
    expect(resultsOf(401)).toEqual(['failed']);
  });
});

test.each([
  [0, '0s'],
  [59, '59s'],
  [60, '1m'],
  [130, '2m 10s'],
  [3600, '1h'],
  [21900, '6h 5m'],
])('%d s is %s', (seconds, words) => {
  expect(formatTime(seconds)).toBe(words);
});
