import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Credentials } from '../../lib/credentials/machine.ts';
import { printable } from '../../lib/input/quote.ts';
import { mapBounded } from '../../lib/registry/map-bounded.ts';
import { folder } from '../support/cli.ts';
import { runEssAirgap } from '../support/cli-process.ts';
import {
  clientOf,
  faultsOf,
  type HostileRegistry,
  LOGIN,
  MISBEHAVIOURS,
  meet,
  type Stage,
  startHostileRegistry,
} from '../support/hostile-registry.ts';
import { digestsFileOf } from '../support/release.ts';

// Every stage with every misbehaviour, and the memory that it takes: bench/robustness/registries.ts.

const LIMITS = { request: 400, question: 800, firstPause: 2, bytesPerSecond: 1_000_000 };

const started: HostileRegistry[] = [];
afterEach(() => {
  for (const registry of started.splice(0)) registry.stop();
});

async function hostile(stage: Stage, name: string): Promise<string> {
  const misbehave = MISBEHAVIOURS[name];
  if (!misbehave) throw new Error(`there is no misbehaviour "${name}"`);
  const registry = await startHostileRegistry(stage, misbehave);
  started.push(registry);
  return registry.server;
}

describe('whatever a registry answers', () => {
  test.each<Stage>(['manifest', 'token', 'referrers'])(
    'the client ends in time with a result or a sentence: %s',
    async (stage) => {
      const faults = await mapBounded(Object.keys(MISBEHAVIOURS), 8, async (name) => {
        const encounter = await meet(stage, await hostile(stage, name), LIMITS);
        return faultsOf(encounter, LIMITS).map((fault) => `${name}: ${fault}: ${encounter.said}`);
      });
      expect(faults.flat()).toEqual([]);
    },
  );

  test.each<[Stage, string, RegExp]>([
    ['ping', 'never answers', /^\S+ gave no complete answer within 1 s$/],
    ['ping', 'resets the connection', /closed the connection before its answer was complete \(ECONNRESET\)$/],
    ['head', 'endless headers', /sends more headers than a registry should$/],
    ['token', 'a body of 3 GB', /the token server \S+: the answer is larger than 64 KiB$/],
    ['token', 'a body that is cut off', /the server closed the connection before its answer was complete$/],
    ['token', 'a token with a line break', /answers without a token$/],
    ['manifest', 'endless chunked body', /the answer is larger than 4096 KiB$/],
    ['manifest', 'a chunk without a size', /the server does not answer in HTTP$/],
    ['manifest', '403 with a code of its own', /denies access \(403\); it says: QUOTA_EXCEEDED: no$/],
    ['manifest', '429 with a code of its own', /rate-limited the request \(429\).*SLOW_DOWN_PLEASE: wait$/],
    ['manifest', '429 and a pause of 59 s, without end', /rate-limited the request \(429\)/],
    ['manifest', '500 without end', /answers 500, which is a problem of its own$/],
    ['manifest', 'a redirect without an address', /redirects without saying where to$/],
    ['manifest', 'a redirect to something that is not a URL', /redirects to something that is not a URL$/],
    ['manifest', 'a redirect to itself', /redirects more than 5 times$/],
    ['manifest', 'a redirect to a file', /redirects to file:\/\/; expected https$/],
    ['manifest', 'an error that repeats the login', /it says: DENIED: no: Basic \*\*\*$/],
    [
      'manifest',
      'a redirect that repeats the login',
      /redirects to ftp:\/\/\*\*\*\.invalid; expected https$/,
    ],
    ['referrers', 'an index that repeats the login', /repeats the login that it was sent in its answer$/],
    ['referrers', 'an index that steers the terminal', /the answer is not an index of descriptors$/],
    ['tags', 'an index that steers the terminal', /lists something that is not a tag$/],
    ['tags', 'a list whose next page is itself', /serves the same page of the list again$/],
    ['tags', 'a list without end', /the list has more than 200 pages$/],
    ['tags', 'a list of a hundred thousand', /there are more than 20000$/],
    ['blob', 'endless body without a length', /serves more bytes than the manifest says$/],
    ['blob', 'a body that stops', /the server takes too long to answer$/],
  ])('%s: %s', async (stage, name, words) => {
    const { said } = await meet(stage, await hostile(stage, name), { ...LIMITS, question: 2500 });
    expect(said).toMatch(words);
  });
});

describe('verify as a process', () => {
  async function verify(stage: Stage, name: string, images = 1) {
    const server = await hostile(stage, name);
    const release = Object.fromEntries(
      Array.from({ length: images }, (_, n) => [
        `synapse/i${n}`,
        `docker.io/library/redis:${n}@sha256:${'0'.repeat(64)}`,
      ]),
    );
    const cwd = folder({
      'images_digests.yml': digestsFileOf(release),
      'airgap.yaml': `apiVersion: ess-airgap/v1
registry: { server: "${server}" }
mirror: { image: "x.example/skopeo:1", insecure: ["${server}"] }
`,
      '.docker/config.json': JSON.stringify({
        auths: { [server]: { auth: Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64') } },
      }),
    });
    return runEssAirgap(['verify'], { cwd });
  }

  test.each<[Stage, string]>([
    ['token', 'endless chunked body'],
    ['manifest', 'a redirect to something that is not a URL'],
    ['manifest', 'chunks that are cut off'],
    ['manifest', 'an error that steers the terminal'],
    ['manifest', 'an error that repeats the password'],
  ])('%s: %s is no answer: exit code 2, and no fault of ours', async (stage, name) => {
    const run = await verify(stage, name);
    expect(run).toMatchObject({ status: 2, stderr: '' });
    expect(run.stdout).toContain('0 of 1 images are present, 1 unknown');
    expect(run.stdout).not.toMatch(/bug in ess-airgap|TypeError/);
    // Only our own line breaks are not printable.
    expect(printable(run.stdout.replaceAll('\n', ''))).toBe(run.stdout.replaceAll('\n', ''));
    expect(run.stdout).not.toContain(LOGIN.password);
  });
});

describe('a server that does not answer', () => {
  test('is not asked again for every image', async () => {
    const registry = await startHostileRegistry('head', () => {});
    started.push(registry);
    const { client, close } = clientOf(registry.server, LIMITS);
    const image = { registry: registry.server, repository: 'library/redis' };
    await expect(client.digestOf(image, '1')).rejects.toThrow(/gave no complete answer/);
    const before = registry.requests.length;
    await expect(client.digestOf(image, '2')).rejects.toThrow(/^not asked, because before: /);
    expect(registry.requests).toHaveLength(before);
    await close();
  });
});

describe('a credential helper', () => {
  test.each([
    ['that never ends', 'sleep 60', /did not answer within 0\.5 s/],
    [
      'that leaves something behind which holds its output',
      'sleep 60 & sleep 60',
      /did not answer within 0\.5 s/,
    ],
    ['that answers without end', 'yes', /answered more than 64 KiB/],
  ])('%s', async (_name, script, words) => {
    const directory = folder({ '.docker/config.json': JSON.stringify({ credsStore: 'stuck' }) });
    writeFileSync(join(directory, 'docker-credential-stuck'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(directory, 'docker-credential-stuck'), 0o755);
    const environment = { HOME: directory, PATH: `${directory}:${process.env.PATH}` };
    const credentials = new Credentials(environment, [], 500);
    const image = { registry: 'registry.example', repository: 'x' };
    await expect(credentials.find(image)).rejects.toThrow(words);
  });
});
