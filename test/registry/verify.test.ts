import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issueCertificate } from '../support/certificates.ts';
import { folder, inTerminal } from '../support/cli.ts';
import { runEssAirgap } from '../support/cli-process.ts';
import { type FaultProxy, type FaultProxyOptions, startFaultProxy } from '../support/fault-proxy.ts';
import { type Image, makeImage, pushImage } from '../support/images.ts';
import type { Run } from '../support/project.ts';
import {
  type Access,
  type CertificateAuthority,
  createCertificateAuthority,
  type Registry,
  startRegistry,
} from '../support/registry.ts';
import { digestsFileOf } from '../support/release.ts';

// `ess-airgap verify` as a process, against real registries: one over TLS with a password, one open.

const login = { username: 'node-puller', password: 'fake-pull-password' };
const images: Record<string, Image> = {
  synapse: makeImage({ name: 'synapse' }),
  redis: makeImage({ name: 'redis', mediaTypes: 'docker' }),
  nginx: makeImage({ name: 'nginx', architectures: ['amd64'] }),
};
const digest = (name: string): string => images[name]?.digest ?? '';
const upstream = {
  'synapse/synapse': `ghcr.io/element-hq/synapse:v1@${digest('synapse')}`,
  'synapse/redis': `docker.io/library/redis:7.2@${digest('redis')}`,
  'hookshot/redis': `docker.io/library/redis:7.2@${digest('redis')}`,
  'well_known/nginx': `docker.io/library/nginx:1.10@${digest('nginx')}`,
};
const repositories: Record<string, [path: string, tag: string]> = {
  synapse: ['element-hq/synapse', 'v1'],
  redis: ['library/redis', '7.2'],
  nginx: ['library/nginx', '1.10'],
};

let directory: string;
let authority: CertificateAuthority;
let secured: Registry;
let open: Registry;
const proxies: FaultProxy[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ess-airgap-verify-'));
  authority = createCertificateAuthority(directory);
  [secured, open] = await Promise.all([
    startRegistry({ password: login, tls: authority, ...{} }),
    startRegistry(),
  ]);
  const access = { ...login, ca: authority.ca };
  for (const [name, [path, tag]] of Object.entries(repositories)) {
    await pushImage(secured.server, path, tag, images[name] as Image, access);
    await pushImage(open.server, path, tag, images[name] as Image);
  }
});
afterAll(async () => {
  await Promise.all([secured?.stop(), open?.stop(), ...proxies.map((proxy) => proxy.stop())]);
  rmSync(directory, { recursive: true, force: true });
});

async function proxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const started = await startFaultProxy(options);
  proxies.push(started);
  return started;
}

interface Setting {
  server: string;
  release?: Record<string, string>;
  insecure?: boolean;
  /** Of airgap.yaml, further keys. */
  more?: string;
  /** A docker config. */
  docker?: object;
  args?: readonly string[];
  env?: Record<string, string>;
}

async function verify({ server, release = upstream, insecure, more = '', docker, args = [], env }: Setting) {
  const cwd = folder({
    'images_digests.yml': digestsFileOf(release),
    'airgap.yaml': `apiVersion: ess-airgap/v1
registry: { server: "${server}" }
${insecure ? `mirror: { image: "x.example/skopeo:1", insecure: ["${server}"] }` : ''}
${more}
`,
    ...(docker && { '.docker/config.json': JSON.stringify(docker) }),
  });
  return runEssAirgap(['verify', ...args], { cwd, env });
}

const auth = ({ username, password }: Access): string =>
  Buffer.from(`${username}:${password}`).toString('base64');

function expectNoSecret({ stdout, stderr }: Run): void {
  for (const secret of [login.password, auth(login), 'wrong-password']) {
    expect(stdout).not.toContain(secret);
    expect(stderr).not.toContain(secret);
  }
}

describe('what is there', () => {
  test('everything: exit code 0 and one line', async () => {
    const run = await verify({ server: open.server, insecure: true });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toBe(`${open.server}: 3 of 3 images are present\n`);
  });

  test('a missing tag, a tag with another digest, and who uses them: exit code 1', async () => {
    const other = `sha256:${'0'.repeat(64)}`;
    const run = await verify({
      server: open.server,
      insecure: true,
      release: {
        ...upstream,
        'synapse/synapse': `ghcr.io/element-hq/synapse:v2@${digest('synapse')}`,
        'well_known/nginx': `docker.io/library/nginx:1.10@${other}`,
        'sydent/sydent': `docker.io/matrixdotorg/sydent:v9@${other}`,
      },
    });
    expect(run.status).toBe(1);
    const rows = run.stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows).toEqual([
      ['RESULT', 'IMAGE', 'EXPECTED', 'FOUND', 'CONTAINERS'],
      [
        'missing',
        `${open.server}/element-hq/synapse:v2`,
        digest('synapse').slice(0, 19),
        'only by digest',
        'synapse/synapse',
      ],
      [
        'different',
        `${open.server}/library/nginx:1.10`,
        other.slice(0, 19),
        digest('nginx').slice(0, 19),
        'well_known/nginx',
      ],
      ['missing', `${open.server}/matrixdotorg/sydent:v9`, other.slice(0, 19), '-', 'sydent/sydent'],
      [''],
      [
        'only by digest: nodes can pull the image until garbage collection removes it, because no tag points to it',
      ],
      [`${open.server}: 1 of 4 images are present, 2 missing, 1 different`],
      [''],
    ]);
  });

  test('as JSON', async () => {
    const release = { ...upstream, 'well_known/nginx': `docker.io/library/nginx:2@${digest('nginx')}` };
    const run = await verify({ server: open.server, insecure: true, release, args: ['--format', 'json'] });
    expect(run.status).toBe(1);
    expect(JSON.parse(run.stdout)).toEqual({
      server: open.server,
      expected: 3,
      present: 2,
      missing: 1,
      different: 0,
      unknown: 0,
      images: [
        {
          image: `${open.server}/element-hq/synapse:v1`,
          digest: digest('synapse'),
          result: 'present',
          found: digest('synapse'),
          containers: ['synapse/synapse'],
        },
        {
          image: `${open.server}/library/nginx:2`,
          digest: digest('nginx'),
          result: 'missing',
          byDigest: true,
          containers: ['well_known/nginx'],
        },
        {
          image: `${open.server}/library/redis:7.2`,
          digest: digest('redis'),
          result: 'present',
          found: digest('redis'),
          containers: ['hookshot/redis', 'synapse/redis'],
        },
      ],
    });
  });

  test('as JUnit XML: what is missing fails, what is unknown is an error', async () => {
    const there = await proxy({
      target: open.url,
      rules: [{ match: { path: /redis/ }, fault: { status: 403, body: '' } }],
    });
    const release = { ...upstream, 'well_known/nginx': `docker.io/library/nginx:2@${digest('nginx')}` };
    const run = await verify({ server: there.server, insecure: true, release, args: ['--format', 'junit'] });
    expect(run).toMatchObject({ status: 2, stderr: '' });
    const counts = 'tests="3" failures="1" errors="1"';
    const suite = `ess-airgap verify ${there.server}`;
    expect(run.stdout).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites ${counts}>
  <testsuite name="${suite}" ${counts}>
    <testcase classname="${suite}" name="${there.server}/element-hq/synapse:v1"/>
    <testcase classname="${suite}" name="${there.server}/library/nginx:2">
      <failure message="missing">expected: ${digest('nginx')}
The registry has the image by its digest, until garbage collection removes it.
containers: well_known/nginx</failure>
    </testcase>
    <testcase classname="${suite}" name="${there.server}/library/redis:7.2">
      <error message="unknown">expected: ${digest('redis')}
${there.server}/library/redis 7.2: ${there.server} denies access (403)
containers: hookshot/redis synapse/redis</error>
    </testcase>
  </testsuite>
</testsuites>
`);
  });

  test('a registry that answers HEAD without a digest, or not at all, is asked by GET', async () => {
    const there = await proxy({
      target: open.url,
      rules: [{ match: { method: 'HEAD' }, fault: { status: 405 } }],
    });
    const run = await verify({ server: there.server, insecure: true });
    expect(run.stdout).toContain('3 of 3 images are present');
    expect(
      there.requests.filter(({ method, path }) => method === 'GET' && path.includes('/manifests/')),
    ).toHaveLength(3);
  });

  test('an image of your own, and one without a digest, have to be there by their tag', async () => {
    const run = await verify({
      server: open.server,
      insecure: true,
      release: {
        'synapse/redis': 'docker.io/library/redis:7.2',
        'sydent/sydent': 'docker.io/library/sydent:1',
      },
      more: 'overrides: { sydent/sydent: { repository: library/nginx, tag: "1.10" } }',
    });
    expect(run).toMatchObject({ status: 0, stdout: `${open.server}: 2 of 2 images are present\n` });
  });

  test('on a terminal it shows how far it is, elsewhere it does not', async () => {
    const cwd = folder({
      'images_digests.yml': digestsFileOf(upstream),
      'airgap.yaml': `apiVersion: ess-airgap/v1
registry: { server: "${open.server}" }
mirror: { image: "x.example/skopeo:1", insecure: ["${open.server}"] }
`,
    });
    const run = inTerminal(['verify'], 80, { cwd });
    expect(run.status).toBe(0);
    // Written over the same line, and taken away in the end.
    expect(run.stdout.replaceAll('\r\x1b[K', '<line>')).toMatch(
      /^<line>\S+: \d of 3 images checked.*<line>\S+: 3 of 3 images are present\r\n$/s,
    );
  });

  test('--push asks the server that the mirror pushes to', async () => {
    const more = 'mirror: { image: "x.example/skopeo:1", insecure: ["PUSH"] }'.replace('PUSH', open.server);
    const setting = {
      server: `nodes.invalid", pushServer: "${open.server}`,
      more,
    };
    expect((await verify({ ...setting, args: ['--push'] })).stdout).toContain(`${open.server}: 3 of 3`);
  });
});

describe('logging in', () => {
  const ca = () => ['--ca', authority.caFile];

  test.each<[string, () => Omit<Setting, 'server'>]>([
    ['a docker config', () => ({ docker: { auths: { [secured.server]: { auth: auth(login) } } } })],
    [
      'a key for a part of the server, more specific than the wrong one for all of it',
      () => ({
        docker: {
          auths: {
            [secured.server]: { auth: auth({ username: 'other', password: 'wrong-password' }) },
            [`${secured.server}/element-hq`]: { auth: auth(login) },
            [`${secured.server}/library`]: { username: login.username, password: login.password },
          },
        },
      }),
    ],
    [
      'the environment that the pull Secret is made of',
      () => ({
        more: 'pullSecret: { name: registry, source: env }',
        env: { ESS_AIRGAP_PULL_USERNAME: login.username, ESS_AIRGAP_PULL_PASSWORD: login.password },
      }),
    ],
  ])('%s', async (_name, setting) => {
    const run = await verify({ server: secured.server, args: ca(), ...setting() });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toContain('3 of 3 images are present');
    expectNoSecret(run);
  });

  test('a file that REGISTRY_AUTH_FILE names', async () => {
    const file = join(directory, 'auth.json');
    writeFileSync(file, JSON.stringify({ auths: { [secured.server]: { auth: auth(login) } } }));
    const run = await verify({ server: secured.server, args: ca(), env: { REGISTRY_AUTH_FILE: file } });
    expect(run.stdout).toContain('3 of 3 images are present');
  });

  test.each(['credHelpers', 'credsStore'])(
    'a credential helper by %s, asked once for the server',
    async (by) => {
      const bin = join(directory, `bin-${by}`);
      mkdirSync(bin);
      writeFileSync(
        join(bin, 'docker-credential-test'),
        `#!/bin/sh
read -r server
echo "$1 $server" >>${join(bin, 'asked')}
printf '{"ServerURL":"%s","Username":"${login.username}","Secret":"${login.password}"}' "$server"
`,
      );
      chmodSync(join(bin, 'docker-credential-test'), 0o755);
      const run = await verify({
        server: secured.server,
        args: ca(),
        docker: by === 'credsStore' ? { credsStore: 'test' } : { credHelpers: { [secured.server]: 'test' } },
        env: { PATH: `${bin}:${process.env.PATH}` },
      });
      expect(run).toMatchObject({ status: 0, stderr: '' });
      expect(readFileSync(join(bin, 'asked'), 'utf8')).toBe(`get ${secured.server}\n`);
    },
  );

  test('a helper that is not there is named, with the file that wants it', async () => {
    const run = await verify({ server: secured.server, args: ca(), docker: { credsStore: 'nowhere' } });
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(
      /config\.json:1:1: error: the credential helper docker-credential-nowhere, for localhost:\d+, cannot be run/,
    );
  });

  test('a wrong password is refused: exit code 2, and it is not tried for every image', async () => {
    const mark = secured.mark();
    const wrong = auth({ username: login.username, password: 'wrong-password' });
    const run = await verify({
      server: secured.server,
      args: ca(),
      docker: { auths: { [secured.server]: { auth: wrong } } },
    });
    expect(run.status).toBe(2);
    expect(run.stdout).toContain('the registry refuses the credential in ');
    expect(run.stdout).toContain('0 of 3 images are present, 3 unknown');
    expectNoSecret(run);
    // One without a login, from which the client learns what is asked for, and one with it.
    const asked = secured.accessLog(mark).filter(({ path }) => path.includes('/manifests/'));
    expect(asked).toHaveLength(2);
  });

  test('no login where one is needed', async () => {
    const run = await verify({ server: secured.server, args: ca() });
    expect(run.status).toBe(2);
    expect(run.stdout).toContain(
      `refuses access without a credential; to log in: skopeo login ${secured.server}`,
    );
  });

  test('a docker config that is no JSON is refused, and nothing of it is repeated', async () => {
    const file = join(directory, 'broken.json');
    writeFileSync(file, `{"auths": {"x": {"auth": "${auth(login)}"`);
    const run = await verify({ server: secured.server, args: ca(), env: { REGISTRY_AUTH_FILE: file } });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toBe(`${file}:1:1: error: this is not valid JSON; expected a docker config\n`);
  });
});

describe('tokens', () => {
  const credentials = { username: 'token-user', password: 'fake-token-password' };

  test('are asked for once a repository, with the login and the scope', async () => {
    const there = await proxy({ target: open.url, token: { credentials } });
    const run = await verify({
      server: there.server,
      insecure: true,
      docker: { auths: { [there.server]: { auth: auth(credentials) } } },
    });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    const tokens = there.requests.filter(({ path }) => path.startsWith('/token'));
    expect(tokens.map(({ path }) => new URL(path, there.url).searchParams.get('scope')).sort()).toEqual([
      'repository:element-hq/synapse:pull',
      'repository:library/nginx:pull',
      'repository:library/redis:pull',
    ]);
  });

  test('are taken anew where they have come to their end', async () => {
    const there = await proxy({ target: open.url, token: { lifetime: { requests: 1 } } });
    // Three tags of one repository: its token is good for one of them.
    const release = Object.fromEntries(
      ['7.2', '8', '9'].map((tag) => [
        `redis${tag.replace('.', '')}/redis`,
        `docker.io/library/redis:${tag}@${digest('redis')}`,
      ]),
    );
    const run = await verify({ server: there.server, insecure: true, release });
    expect(run.status).toBe(1);
    expect(run.stdout).toContain('1 of 3 images are present, 2 missing');
  });

  test('a repository that the token is not good for: the login is good for the others', async () => {
    const there = await proxy({
      target: open.url,
      token: { credentials },
    });
    there.setRules([
      {
        match: { path: /\/v2\/element-hq\// },
        fault: {
          status: 401,
          headers: { 'www-authenticate': `Bearer realm="${there.url}/token",service="test"` },
        },
      },
    ]);
    const run = await verify({
      server: there.server,
      insecure: true,
      docker: { auths: { [there.server]: { auth: auth(credentials) } } },
    });
    expect(run.status).toBe(2);
    expect(run.stdout).toContain('element-hq/synapse: the registry denies access with the credential in ');
    expect(run.stdout).toContain('2 of 3 images are present, 1 unknown');
  });

  test('that the token server refuses', async () => {
    const there = await proxy({ target: open.url, token: { credentials } });
    const run = await verify({
      server: there.server,
      insecure: true,
      docker: {
        auths: { [there.server]: { auth: auth({ username: 'token-user', password: 'wrong-password' }) } },
      },
    });
    expect(run.status).toBe(2);
    expect(run.stdout).toContain(`the token server ${there.server} refuses the credential in `);
    expectNoSecret(run);
    expect(there.requests.filter(({ path }) => path.startsWith('/token'))).toHaveLength(1);
  });
});

test.each([
  [
    'over TLS with a certificate that nobody checked',
    true,
    /has a certificate of a CA that this machine does not trust/,
  ],
  [
    'over plain HTTP',
    false,
    /names the token server http:\/\/localhost:\d+; expected https, or localhost:\d+ in mirror\.insecure/,
  ],
])(
  'an insecure registry cannot send the login to a token server elsewhere, %s',
  async (_name, tls, words) => {
    const asked: unknown[] = [];
    const options = { cert: readFileSync(authority.certFile), key: readFileSync(authority.keyFile) };
    const onRequest: http.RequestListener = (request, response) => {
      asked.push(request.headers.authorization);
      response.end(JSON.stringify({ token: 'fake-access-token' }));
    };
    const tokens = tls ? https.createServer(options, onRequest) : http.createServer(onRequest);
    await new Promise<void>((resolve) => {
      tokens.listen(0, '127.0.0.1', resolve);
    });
    const realm = `${tls ? 'https' : 'http'}://localhost:${(tokens.address() as AddressInfo).port}/token`;
    const there = await proxy({
      target: open.url,
      rules: [
        {
          match: { path: /manifests/ },
          fault: { status: 401, headers: { 'www-authenticate': `Bearer realm="${realm}",service="x"` } },
        },
      ],
    });
    const run = await verify({
      server: there.server,
      insecure: true,
      docker: { auths: { [there.server]: { auth: auth(login) } } },
    });
    tokens.close();
    expect(run.status).toBe(2);
    expect(run.stdout).toMatch(words);
    expect(asked).toEqual([]);
    expectNoSecret(run);
  },
);

test('an identity token of docker login is exchanged, by POST, for a token of the repository', async () => {
  const posted: string[] = [];
  const identity = 'fake-identity-token';
  const server = http.createServer(async (request, response) => {
    const url = `http://${request.headers.host}`;
    if (request.url === '/token' && request.method === 'POST') {
      for await (const chunk of request) posted.push(String(chunk));
      return response.end(JSON.stringify({ access_token: 'fake-access-token' }));
    }
    if (request.headers.authorization === 'Bearer fake-access-token') {
      return response.writeHead(200, { 'docker-content-digest': digest('nginx') }).end();
    }
    return response
      .writeHead(401, { 'www-authenticate': `Bearer realm="${url}/token",service="registry"` })
      .end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const name = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const run = await verify({
    server: name,
    insecure: true,
    release: { 'well_known/nginx': upstream['well_known/nginx'] },
    docker: { auths: { [name]: { auth: '', identitytoken: identity } } },
  });
  server.close();
  expect(run).toMatchObject({ status: 0, stderr: '' });
  expect(Object.fromEntries(new URLSearchParams(posted.join('')))).toEqual({
    service: 'registry',
    scope: 'repository:library/nginx:pull',
    grant_type: 'refresh_token',
    client_id: 'ess-airgap',
    refresh_token: identity,
  });
});

describe('certificates, faults and redirects', () => {
  test('a server on plain HTTP is told from one with a wrong certificate', async () => {
    const run = await verify({ server: open.server });
    expect(run.status).toBe(2);
    expect(run.stdout).toContain(
      `${open.server} speaks plain HTTP, not TLS; see mirror.insecure if that is intended`,
    );
  });

  test.each([
    ['expired', { names: 'DNS:localhost', to: '20200102000000Z' }, /has expired, or the clock/],
    ['not valid yet', { names: 'DNS:localhost', from: '20900101000000Z' }, /is not valid yet, or the clock/],
    [
      'for another name',
      { names: 'DNS:registry.example' },
      /has a certificate for other names: registry\.example/,
    ],
  ])('a certificate that is %s', async (_name, options, words) => {
    const registry = await startRegistry({ tls: issueCertificate(directory, options) });
    const run = await verify({ server: registry.server, args: ['--ca', authority.caFile] });
    await registry.stop();
    expect(run.status).toBe(2);
    expect(run.stdout).toMatch(words);
  });

  test('an unknown authority is refused, and the message says what helps', async () => {
    const run = await verify({ server: secured.server });
    expect(run.status).toBe(2);
    expect(run.stdout).toMatch(
      /localhost:\d+ has a certificate of a CA that this machine does not trust; .*--ca or SSL_CERT_FILE/,
    );
  });

  test.each(['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'])('%s names the authority', async (variable) => {
    const docker = { auths: { [secured.server]: { auth: auth(login) } } };
    const run = await verify({ server: secured.server, docker, env: { [variable]: authority.caFile } });
    expect(run).toMatchObject({ status: 0, stderr: '' });
  });

  test('a server that may be insecure is taken with any certificate', async () => {
    const docker = { auths: { [secured.server]: { auth: auth(login) } } };
    expect((await verify({ server: secured.server, insecure: true, docker })).status).toBe(0);
  });

  test('what is transient is repeated, after the pause that the server asks for', async () => {
    const there = await proxy({
      target: open.url,
      rules: [
        { match: { path: /redis/ }, times: 2, fault: { status: 429, headers: { 'retry-after': '0' } } },
        { match: { path: /nginx/ }, times: 1, fault: { status: 503 } },
        { match: { path: /synapse/ }, times: 1, fault: { reset: 'before' } },
      ],
    });
    const run = await verify({ server: there.server, insecure: true });
    expect(run.stdout).toContain('3 of 3 images are present');
    expect(there.requests.filter(({ path }) => path.includes('redis'))).toHaveLength(3);
  });

  test('an answer that says nothing about the image is no answer: exit code 2', async () => {
    const there = await proxy({
      target: open.url,
      rules: [{ match: { path: /redis/ }, fault: { status: 403, body: '<html>' } }],
    });
    const run = await verify({ server: there.server, insecure: true });
    expect(run.status).toBe(2);
    expect(run.stdout).toContain('denies access (403)');
    expect(run.stdout).toContain('2 of 3 images are present, 1 unknown');
  });

  test('a redirect is followed, and the login does not go along', async () => {
    const logins: (string | undefined)[] = [];
    const other = http.createServer(({ headers }, response) => {
      logins.push(headers.authorization);
      response.writeHead(200, { 'docker-content-digest': digest('redis') }).end();
    });
    await new Promise<void>((resolve) => {
      other.listen(0, '127.0.0.1', resolve);
    });
    const { port } = other.address() as AddressInfo;
    const there = await proxy({
      target: secured.url,
      targetAccess: { ca: authority.ca },
      rules: [
        {
          match: { path: /redis/ },
          fault: { status: 307, headers: { location: `http://127.0.0.1:${port}/elsewhere` } },
        },
      ],
    });
    const docker = { auths: { [there.server]: { auth: auth(login) } } };
    const refused = await verify({ server: there.server, insecure: true, docker });
    expect(refused.stdout).toContain(
      `redirects to http://127.0.0.1:${port}; expected https, or 127.0.0.1:${port} in mirror.insecure`,
    );
    const more = `mirror: { image: "x.example/skopeo:1", insecure: ["${there.server}", "127.0.0.1:${port}"] }`;
    const run = await verify({ server: there.server, more, docker });
    other.close();
    // The others are there for the login only.
    expect(run.stdout).toContain('3 of 3 images are present');
    expect(logins).toEqual([undefined]);
  });

  test('a server that is not there', async () => {
    const gone = await startRegistry();
    await gone.stop();
    const run = await verify({ server: gone.server, insecure: true });
    expect(run.status).toBe(2);
    expect(run.stdout).toContain(`${gone.server} refuses the connection: `);
    expect(run.stdout).toContain('ECONNREFUSED');
  });
});
