import { expect, test } from 'vitest';
import { parseChallenges } from '../../lib/registry/challenge.ts';

test.each([
  [
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/redis:pull,push"',
    [
      {
        scheme: 'bearer',
        parameters: {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:library/redis:pull,push',
        },
      },
    ],
  ],
  ['Basic realm="Sonatype Nexus"', [{ scheme: 'basic', parameters: { realm: 'Sonatype Nexus' } }]],
  ['BASIC', [{ scheme: 'basic', parameters: {} }]],
  [
    'Basic realm="a, b=\\"c\\"", Bearer realm=https://x.example/token , service = y',
    [
      { scheme: 'basic', parameters: { realm: 'a, b="c"' } },
      { scheme: 'bearer', parameters: { realm: 'https://x.example/token', service: 'y' } },
    ],
  ],
  [
    'Negotiate, Basic realm="x"',
    [
      { scheme: 'negotiate', parameters: {} },
      { scheme: 'basic', parameters: { realm: 'x' } },
    ],
  ],
  ['', []],
])('%s', (header, challenges) => {
  expect(parseChallenges(header)).toEqual(challenges);
});

test('several headers, and none', () => {
  expect(parseChallenges(['Bearer realm="a"', 'Basic realm="b"']).map(({ scheme }) => scheme)).toEqual([
    'bearer',
    'basic',
  ]);
  expect(parseChallenges(undefined)).toEqual([]);
});
