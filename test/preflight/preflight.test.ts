import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHECKS } from '../../lib/preflight/answer.ts';
import { issueCertificate } from '../support/certificates.ts';
import { folder } from '../support/cli.ts';
import { runEssAirgap } from '../support/cli-process.ts';
import { type FaultProxy, type FaultProxyOptions, startFaultProxy } from '../support/fault-proxy.ts';
import { makeImage, pushImage } from '../support/images.ts';
import {
  ask,
  type CertificateAuthority,
  createCertificateAuthority,
  type Registry,
  startRegistry,
} from '../support/registry.ts';
import { digestsFileOf } from '../support/release.ts';
import { startTokenServer, type TokenServer } from '../support/token-server.ts';

// `ess-airgap preflight` as a process: a source on plain HTTP, a target over TLS with a password, and one whose accounts
// have only some rights.

const login = { username: 'pusher', password: 'fake-push-password' };
const accounts = {
  pusher: { password: login.password, actions: ['pull', 'push', 'delete'] },
  pushonly: { password: 'fake-push-only-password', actions: ['pull', 'push'] },
  reader: { password: 'fake-read-password', actions: ['pull'] },
} as const;
const base = [{ seed: 'base', size: 2_000_000 }];
const images = {
  'element-hq/synapse': makeImage({ name: 'synapse', layers: [...base, { seed: 'synapse', size: 500_000 }] }),
  'library/redis': makeImage({ name: 'redis', layers: base, mediaTypes: 'docker' }),
};

let directory: string;
let authority: CertificateAuthority;
let source: Registry;
let target: Registry;
let tokens: TokenServer;
let roles: Registry;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ess-airgap-preflight-'));
  authority = createCertificateAuthority(directory);
  tokens = await startTokenServer(accounts, authority);
  [source, target, roles] = await Promise.all([
    startRegistry(),
    startRegistry({ tls: authority, password: login }),
    startRegistry({ token: tokens.settings }),
  ]);
  for (const [path, image] of Object.entries(images)) await pushImage(source.server, path, 'v1', image);
});
afterAll(async () => {
  for (const close of closing) await close();
  tokens?.stop();
  await Promise.all([source?.stop(), target?.stop(), roles?.stop()]);
  rmSync(directory, { recursive: true, force: true });
});

async function proxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const started = await startFaultProxy(options);
  closing.push(started.stop);
  return started;
}

interface Setting {
  from?: string;
  to?: string;
  /** Of `mirror`, further keys. */
  mirror?: string;
  /** Of the file, further keys. */
  more?: string;
  /** By default one that only the cluster has. */
  pullSecret?: string;
  registry?: string;
  insecure?: readonly string[];
  auths?: Record<string, { username: string; password: string }>;
  args?: readonly string[];
  env?: Record<string, string>;
}

/** The command with a configuration; `args` go after its name. */
function run(
  command: 'preflight' | 'mirror',
  {
    from = source.server,
    to = target.server,
    mirror = '',
    more = '',
    pullSecret = 'pullSecret: { name: registry, source: existing }',
    registry = '',
    insecure,
    auths,
    args = [],
    env,
  }: Setting = {},
) {
  const digests = digestsFileOf(
    Object.fromEntries(
      Object.entries(images).map(([path, { digest }]) => [
        `${path.replace(/^.*\//, '')}/x`,
        `${from}/${path}:v1@${digest}`,
      ]),
    ),
  );
  const docker = Object.fromEntries(
    Object.entries(auths ?? { [target.server]: login }).map(([server, { username, password }]) => [
      server,
      { auth: Buffer.from(`${username}:${password}`).toString('base64') },
    ]),
  );
  const cwd = folder({
    'images_digests.yml': digests,
    'airgap.yaml': `apiVersion: ess-airgap/v1
registry: { server: "${to}", path: acme${registry} }
mirror: { image: "${to}/skopeo:1@sha256:${'0'.repeat(64)}", insecure: ${JSON.stringify(insecure ?? [from])}${mirror} }
${more}
${pullSecret}
`,
    '.docker/config.json': JSON.stringify({ auths: docker }),
  });
  return runEssAirgap([command, '--ca', authority.caFile, ...args], { cwd, env });
}

const preflight = (setting?: Setting) => run('preflight', setting);

/** The lines without the addresses of the test servers. */
const plain = (text: string): string[] =>
  text
    .replaceAll(source.server, 'SOURCE')
    .replaceAll(target.server, 'TARGET')
    .replaceAll(roles.server, 'ROLES')
    .replace(/(in|from) \/\S*config\.json/g, '$1 DOCKER')
    .replace(/until \d{4}-\d\d-\d\d/, 'until DATE')
    .replace(/within \d+ s/, 'within N s')
    .replace(/skopeo \d[\d.]*/, 'skopeo N')
    .trimEnd()
    .split('\n');

describe('when everything is in place', () => {
  test('each answer is one line, and nothing is left in the registry', async () => {
    const run = await preflight();
    expect(run).toMatchObject({ stderr: '', status: 0 });
    expect(plain(run.stdout)).toMatchInlineSnapshot(`
      [
        "ok       SOURCE: name: resolves to 127.0.0.1",
        "ok       SOURCE: tls: not checked: mirror.insecure allows plain HTTP and any certificate",
        "ok       SOURCE: login: asks for no login",
        "ok       SOURCE: read: has all 2 images to copy",
        "ok       TARGET: name: resolves to 127.0.0.1",
        "warning  TARGET: tls: trusted certificate of the CA "ess-airgap test ca", valid until DATE. Renew it: nodes and the Job reject it after that date.",
        "ok       TARGET: login: accepts the login from DOCKER",
        "ok       TARGET: push: an upload to acme/element-hq/synapse can be started",
        "ok       TARGET: login: not checked for the nodes: this machine does not have the login of the pull Secret",
        "ok       the copy: images: the registry has 0 of 2 images",
        "ok       the copy: size: 2 images to copy, 2.5 MB, shared layers counted once; that takes 1s at 1 Gbit/s, 1s at 100 Mbit/s",
        "ok       this machine: clock: the clock is within N s of the servers'",
        "ok       this machine: skopeo: skopeo N",
        "The copy can start: 0 failed, 1 warning, 12 ok",
      ]
    `);
    const catalog = await ask('GET', target.server, '/v2/_catalog', { ...login, ca: authority.ca });
    expect(JSON.parse(catalog.body.toString())).toEqual({ repositories: [] });
    expect(target.accessLog().map(({ method }) => method)).toContain('DELETE');
  });

  test('as JSON', async () => {
    const run = await preflight({ args: ['--format', 'json'] });
    const { result, copy, answers } = JSON.parse(run.stdout);
    expect({ result, copy }).toEqual({ result: 'ok', copy: { images: 2, bytes: expect.any(Number) } });
    // Each of the shared layers is counted once.
    expect(copy.bytes).toBeGreaterThan(2_500_000);
    expect(copy.bytes).toBeLessThan(3_100_000);
    expect(answers.map(({ check }: { check: string }) => check)).toEqual(
      expect.arrayContaining(['name', 'tls', 'login', 'read', 'push', 'images', 'size', 'clock', 'skopeo']),
    );
  });
});

const secure = () => ({ [target.server]: login });
const asRole = (name: keyof typeof accounts) => ({
  to: roles.server,
  insecure: [source.server, roles.server, tokens.settings.realm.slice('http://'.length, -'/token'.length)],
  auths: { [roles.server]: { username: name, password: accounts[name].password } },
});
const failures = (text: string): string[] => plain(text).filter((line) => /^(failed|warning|The)/.test(line));

describe('what would make the copy fail', () => {
  test('an account that may only read', async () => {
    const run = await preflight(asRole('reader'));
    expect(run.status).toBe(1);
    expect(failures(run.stdout)).toMatchInlineSnapshot(`
      [
        "failed   ROLES: push: ROLES/acme/element-hq/synapse: the registry denies access with the credential in DOCKER: no right to it, or no such repository. Give the login in mirror.auth the permission to push to acme/element-hq/synapse.",
        "The copy would fail: 1 failed, 0 warnings, 12 ok",
      ]
    `);
    expect(run.stdout).not.toContain(accounts.reader.password);
  });

  test('a wrong password: one question, and no push', async () => {
    const mark = target.mark();
    const run = await preflight({
      auths: { [target.server]: { ...login, password: 'fake-wrong-password' } },
    });
    expect(run.status).toBe(1);
    expect(failures(run.stdout)).toMatchInlineSnapshot(`
      [
        "warning  TARGET: tls: trusted certificate of the CA "ess-airgap test ca", valid until DATE. Renew it: nodes and the Job reject it after that date.",
        "failed   TARGET: login: TARGET/acme/element-hq/synapse: the registry refuses the credential in DOCKER. Fix the login in mirror.auth, or run skopeo login again. It may not have the permission for this repository.",
        "The copy would fail: 1 failed, 1 warning, 9 ok",
      ]
    `);
    const asked = target.accessLog(mark);
    expect(asked.filter(({ method }) => method === 'POST')).toEqual([]);
    expect(asked.filter(({ path }) => path.includes('manifests')).length).toBeLessThanOrEqual(3);
  });

  test('no login', async () => {
    const run = await preflight({ auths: {} });
    expect(run.status).toBe(1);
    expect(failures(run.stdout)).toMatchInlineSnapshot(`
      [
        "warning  TARGET: tls: trusted certificate of the CA "ess-airgap test ca", valid until DATE. Renew it: nodes and the Job reject it after that date.",
        "failed   TARGET: login: TARGET/acme/element-hq/synapse: the registry refuses access without a credential; to log in: skopeo login TARGET. Add a login for the Job to mirror.auth.",
        "The copy would fail: 1 failed, 1 warning, 9 ok",
      ]
    `);
  });

  test.each([
    [
      '404',
      '{"errors":[{"code":"NOT_FOUND","message":"project acme not found"}]}',
      404,
      /Create the Harbor project "acme" before the copy/,
    ],
    [
      '403',
      '{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}',
      403,
      /or create the Harbor project "acme"/,
    ],
    [
      'a full quota',
      '{"errors":[{"code":"DENIED","message":"adding 1 MiB of storage resource, which when updated to current usage of 10 GiB will exceed the configured upper limit of 10 GiB"}]}',
      403,
      /raise the quota of the project/,
    ],
    ['405', '', 405, /read-only or a pull-through cache/],
  ])('a project that cannot be pushed to: %s', async (_name, body, status, words) => {
    const there = await proxy({
      target: target.url,
      targetAccess: { ...login, ca: authority.ca },
      rules: [{ match: { method: 'POST' }, fault: { status, body } }],
    });
    const run = await preflight({
      to: there.server,
      insecure: [source.server, there.server],
      registry: ', profile: harbor',
    });
    expect(run.status).toBe(1);
    const [failed = ''] = failures(run.stdout);
    expect(failed).toMatch(/^failed {3}\S+: push: /);
    expect(failed).toMatch(words);
  });

  test('a registry that is read-only', async () => {
    const readOnly = await startRegistry({ readOnly: true, storageDir: source.storageDir });
    closing.push(readOnly.stop);
    const run = await preflight({ to: readOnly.server, insecure: [source.server, readOnly.server] });
    expect(run.status).toBe(1);
    expect(failures(run.stdout).join('\n')).toMatch(
      /: push: .*answers 405.*read-only or a pull-through cache/,
    );
  });

  test.each([
    ['expired', { names: 'DNS:localhost', to: '20200102000000Z' }, /tls: has a certificate that has expired/],
    [
      'for another name',
      { names: 'DNS:other.example' },
      /tls: has a certificate for other names: other\.example/,
    ],
  ])('a certificate that is %s', async (_name, options, words) => {
    const registry = await startRegistry({ tls: issueCertificate(directory, options) });
    closing.push(registry.stop);
    const run = await preflight({ to: registry.server });
    expect(run.status).toBe(1);
    expect(failures(run.stdout)[0]).toMatch(words);
    expect(failures(run.stdout)).toHaveLength(2);
  });

  test('a CA that is not trusted, and plain HTTP where TLS is expected', async () => {
    const unknown = await preflight({ args: ['--ca', authority.clientCertFile] });
    expect(failures(unknown.stdout)[0]).toMatch(
      /tls: has a certificate of a CA that this machine does not trust/,
    );
    const run = await preflight({ insecure: [target.server] });
    expect(run.status).toBe(1);
    expect(failures(run.stdout)[0]).toMatch(/^failed {3}SOURCE: read: SOURCE speaks plain HTTP, not TLS/);
  });

  test('a name that does not exist, and a port where nothing listens', async () => {
    const gone = await startRegistry();
    await gone.stop();
    const run = await preflight({ from: 'registry.invalid', to: gone.server, insecure: [gone.server] });
    expect(run.status).toBe(1);
    const lines = failures(run.stdout);
    expect(lines[0]).toMatch(
      /^failed {3}registry\.invalid: name: the name does not resolve here \(E\w+\)\. Check the spelling/,
    );
    expect(lines[1]).toMatch(/read: \S+ refuses the connection/);
    expect(lines.at(-1)).toMatch(/^The copy would fail: 2 failed/);
  });

  test('an image that is not there upstream any more; one that the target has already is not missed', async () => {
    const there = await proxy({
      target: source.url,
      rules: [{ match: { path: /redis\/manifests/ }, fault: { status: 404 } }],
    });
    const setting = { from: there.server, insecure: [there.server] };
    const run = await preflight(setting);
    expect(run.status).toBe(1);
    expect(failures(run.stdout)[0]).toContain(`read: does not have ${there.server}/library/redis:v1@sha256:`);
    const access = { ...login, ca: authority.ca };
    await pushImage(target.server, 'acme/library/redis', 'v1', images['library/redis'], access);
    const again = await preflight(setting);
    expect(again.status).toBe(0);
    expect(again.stdout).toContain('the registry has 1 of 2 images');
    expect(again.stdout).toContain('1 image to copy, 2.5 MB');
  });

  test('images of your own that are not there', async () => {
    const run = await preflight({ more: 'overrides: { redis/x: { repository: own/redis, tag: "9" } }' });
    expect(run.status).toBe(1);
    expect(failures(run.stdout).join('\n')).toMatch(
      /images: your own images are missing in the registry: TARGET\/own\/redis:9\. Push them yourself/,
    );
  });
});

describe('pulls that are left', () => {
  // No real registry counts pulls.
  async function withQuota(remaining: number, args: readonly string[] = []) {
    const there = await proxy({
      target: source.url,
      rules: Object.entries(images).map(([path, { digest }]) => ({
        match: { method: 'HEAD', path: new RegExp(`${path}/manifests/`) },
        fault: {
          status: 200,
          headers: {
            'docker-content-digest': digest,
            'ratelimit-limit': '100;w=21600',
            'ratelimit-remaining': `${remaining};w=21600`,
          },
        },
      })),
    });
    const run = await preflight({ from: there.server, insecure: [there.server], args });
    return { run, quota: run.stdout.split('\n').find((line) => line.includes(': quota: ')) ?? '', there };
  }

  test('none', async () => {
    const { run, quota, there } = await withQuota(0);
    expect(run.status).toBe(1);
    expect(quota).toMatch(
      /^failed .*0 of 100 pulls left in 6h; the copy needs at least \d+\. Log in with an account/,
    );
    // Reading the size would cost pulls.
    expect(
      there.requests.filter(({ method, path }) => method === 'GET' && path.includes('manifests')),
    ).toEqual([]);
    expect(run.stdout).toMatch(
      /warning {2}the copy: size: the size of \d images? is unknown: reading it takes pulls/,
    );
  });

  test('enough', async () => {
    const { run, quota } = await withQuota(90);
    expect(run.status).toBe(0);
    expect(quota).toMatch(/^ok .*90 of 100 pulls left in 6h; the copy needs \d$/);
  });

  test('perhaps enough', async () => {
    const { run, quota } = await withQuota(5, ['--no-size']);
    expect(run.status).toBe(0);
    expect(quota).toMatch(/^warning .*5 of 100 pulls left in 6h; the copy needs between \d and \d+/);
  });
});

describe('a test image', () => {
  test('is pushed and deleted', async () => {
    const run = await preflight({ ...asRole('pusher'), args: ['--probe-push'] });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(plain(run.stdout).filter((line) => line.includes('test image'))).toEqual([
      'ok       ROLES: test image: accepts an image in acme/element-hq/synapse',
    ]);
    expect(await leftOver('pusher')).toEqual([]);
  });

  test('that cannot be deleted is named', async () => {
    const run = await preflight({ ...asRole('pushonly'), args: ['--probe-push'] });
    expect(run.status).toBe(0);
    const warning = failures(run.stdout).find((line) => line.includes('test image')) ?? '';
    const [left] = await leftOver('pushonly');
    expect(left).toMatch(/^ess-airgap-preflight-[0-9a-f]{8}$/);
    expect(warning).toContain(
      `the test image acme/element-hq/synapse:${left} could not be deleted. Delete it by hand`,
    );
  });

  test('of chosen platforms, in a registry that refuses such an index', async () => {
    const run = await preflight({ mirror: ', platforms: [linux/amd64]', args: ['--probe-push'] });
    expect(run.status).toBe(1);
    expect(failures(run.stdout).join('\n')).toMatch(
      /test image: does not accept an index with a missing platform: .*Write mirror\.platforms: all/,
    );
  });

  async function leftOver(name: keyof typeof accounts): Promise<string[]> {
    const scope = 'repository:acme/element-hq/synapse:pull';
    const { username, password } = { username: name, password: accounts[name].password };
    const basic = Buffer.from(`${username}:${password}`).toString('base64');
    const answer = await fetch(`${tokens.settings.realm}?service=registry&scope=${scope}`, {
      headers: { authorization: `Basic ${basic}` },
    });
    const { token } = (await answer.json()) as { token: string };
    const list = await fetch(`${roles.url}/v2/acme/element-hq/synapse/tags/list`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return ((await list.json()) as { tags?: string[] | null }).tags ?? [];
  }
});

describe('warnings', () => {
  test('a clock that differs', async () => {
    const there = await proxy({
      target: source.url,
      rules: Object.entries(images).map(([path, { digest }]) => ({
        match: { method: 'HEAD', path: new RegExp(`${path}/manifests/`) },
        fault: {
          status: 200,
          headers: { 'docker-content-digest': digest, date: new Date(Date.now() + 600_000).toUTCString() },
        },
      })),
    });
    const run = await preflight({ from: there.server, insecure: [there.server] });
    expect(run.status).toBe(0);
    expect(failures(run.stdout).join('\n')).toMatch(
      /: clock: the clock of this machine is (10m|9m 5\ds) behind \S+\. Set it by NTP/,
    );
  });

  test('no skopeo on this machine', async () => {
    const run = await preflight({ env: { PATH: '/nonexistent' } });
    expect(run.status).toBe(0);
    expect(failures(run.stdout).join('\n')).toMatch(/skopeo is not installed\. The Job does not need it/);
  });
});

describe('the login of nodes', () => {
  const pullSecret = 'pullSecret: { name: registry, source: env }';

  test('is checked if this machine has it', async () => {
    const env = { ESS_AIRGAP_PULL_USERNAME: login.username, ESS_AIRGAP_PULL_PASSWORD: login.password };
    const run = await preflight({ pullSecret, env });
    expect(run.stdout).toContain(
      'login: accepts the login of nodes from the value of ESS_AIRGAP_PULL_PASSWORD',
    );
    const wrong = await preflight({
      pullSecret,
      env: { ...env, ESS_AIRGAP_PULL_PASSWORD: 'fake-wrong-password' },
    });
    expect(wrong.status).toBe(1);
    expect(failures(wrong.stdout).join('\n')).toMatch(/Correct the login of the pull Secret/);
    expect(wrong.stdout).not.toContain('fake-wrong-password');
  });

  test('is not confused with what skopeo login left here', async () => {
    const run = await preflight({ auths: secure(), pullSecret: '' });
    expect(run.status).toBe(1);
    expect(failures(run.stdout).join('\n')).toMatch(
      /Configure pullSecret: nodes cannot pull without a login/,
    );
    const unknown = await preflight({ pullSecret });
    expect(unknown.stdout).toContain(
      'login: not checked for the nodes: this machine does not have the login of the pull Secret',
    );
  });
});

describe('mirror asks before it starts', () => {
  test('a target that refuses the push: nothing is copied, unless it is told to try', async () => {
    const setting = asRole('reader');
    const stopped = await run('mirror', setting);
    expect(stopped).toMatchObject({ status: 1, stdout: '' });
    expect(plain(stopped.stderr)).toEqual([
      expect.stringMatching(/^failed {3}ROLES: push: .*Give the login in mirror\.auth the right to push/),
      'Nothing was copied. Run ess-airgap preflight for the details, or ess-airgap mirror --no-preflight to try it nevertheless.',
    ]);
    const tried = await run('mirror', { ...setting, args: ['--no-preflight'] });
    expect(tried.status).toBe(1);
    expect(tried.stdout).toContain('2 failed');
  });

  test('a source that does not answer is said, and the others are copied', async () => {
    const there = await proxy({
      target: source.url,
      rules: [{ match: { path: /^\/v2\/library/ }, fault: { status: 403 } }],
    });
    const done = await run('mirror', {
      ...asRole('pusher'),
      from: there.server,
      insecure: [there.server, ...asRole('pusher').insecure],
    });
    expect(done.stdout).toContain('1 copied');
  });
});

describe('docs/how-to/preflight.md', () => {
  const page = readFileSync('docs/how-to/preflight.md', 'utf8');
  const commands = [...page.matchAll(/^ess-airgap preflight(.*?)(?: >\S+)?$/gm)].map(([, args = '']) =>
    args.split(' ').filter(Boolean),
  );

  test.each(commands)('its command with %s', async (...args) => {
    const run = await preflight({ ...asRole('pusher'), args });
    expect(run).toMatchObject({ status: 0, stderr: '' });
  });

  test('names every check', () => {
    const rows = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual([...CHECKS].sort());
  });
});
