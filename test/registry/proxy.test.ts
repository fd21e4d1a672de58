import * as http from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { proxyFor } from '../../lib/registry/proxy.ts';
import { folder } from '../support/cli.ts';
import { runEssAirgap } from '../support/cli-process.ts';
import { makeImage, pushImage } from '../support/images.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { digestsFileOf } from '../support/release.ts';

describe('which proxy', () => {
  const environment = { HTTPS_PROXY: 'http://secure:3128', http_proxy: 'plain:3128' };
  const proxy = (url: string, NO_PROXY?: string) =>
    proxyFor(new URL(url), { ...environment, ...(NO_PROXY !== undefined && { NO_PROXY }) });

  test('by the scheme; a proxy without one is spoken to over HTTP', () => {
    expect(proxy('https://registry.bank.example/v2/')).toBe('http://secure:3128');
    expect(proxy('http://registry.bank.example/v2/')).toBe('http://plain:3128');
    expect(proxyFor(new URL('https://registry.bank.example'), {})).toBeUndefined();
  });

  test.each(['https://localhost:5000', 'http://127.0.0.1', 'https://127.9.9.9', 'http://[::1]:5000'])(
    'none for %s',
    (url) => expect(proxy(url)).toBeUndefined(),
  );

  // The table of Go's own documentation of httpproxy.Config, which skopeo follows.
  test.each([
    ['*', 'https://registry.bank.example', true],
    ['bank.example', 'https://registry.bank.example', true],
    ['bank.example', 'https://bank.example', true],
    ['bank.example', 'https://notbank.example', false],
    ['.bank.example', 'https://registry.bank.example', true],
    ['.bank.example', 'https://bank.example', false],
    ['*.bank.example', 'https://registry.bank.example', true],
    ['BANK.example', 'https://registry.Bank.Example', true],
    ['other.example, bank.example', 'https://registry.bank.example', true],
    ['bank.example:443', 'https://registry.bank.example', true],
    ['bank.example:5000', 'https://registry.bank.example', false],
    ['bank.example:5000', 'https://registry.bank.example:5000', true],
    ['10.0.0.0/8', 'https://10.1.2.3:5000', true],
    ['10.0.0.0/8', 'https://11.1.2.3', false],
    ['10.0.0.0/8', 'https://registry.bank.example', false],
    ['10.1.2.3', 'https://10.1.2.3:5000', true],
    ['10.1.2.3:5000', 'https://10.1.2.3', false],
    ['fd00::/8', 'https://[fd00::1]:5000', true],
    ['10.0.0.0/99', 'https://10.1.2.3', false],
    ['', 'https://registry.bank.example', false],
  ])('NO_PROXY=%s, %s: exempt %s', (noProxy, url, exempt) => {
    expect(proxy(url, noProxy) === undefined).toBe(exempt);
  });
});

describe('verify through a proxy', () => {
  const image = makeImage({ name: 'nginx', architectures: ['amd64'] });
  const asked: string[] = [];
  let registry: Registry;
  let server: http.Server;
  let proxy: string;

  beforeAll(async () => {
    registry = await startRegistry();
    await pushImage(registry.server, 'library/nginx', '1.10', image);
    const { port } = new URL(registry.url);
    // Whatever name is asked for, it is the registry: the client cannot have found it by itself.
    server = http.createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers['proxy-authorization']}`);
      const { pathname } = new URL(request.url ?? '');
      const onward = http.request({ port, path: pathname, method: request.method, headers: request.headers });
      onward.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    server.on('connect', (request, socket) => {
      asked.push(`CONNECT ${request.url} ${request.headers['proxy-authorization']}`);
      const onward = connect(Number(port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    proxy = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server?.closeAllConnections();
    server?.close();
    await registry?.stop();
  });

  const verify = (env: Record<string, string>) =>
    runEssAirgap(['verify'], {
      cwd: folder({
        'images_digests.yml': digestsFileOf({
          'well_known/nginx': `docker.io/library/nginx:1.10@${image.digest}`,
        }),
        'airgap.yaml': `apiVersion: ess-airgap/v1
registry: { server: "registry.invalid:5000" }
mirror: { image: "x.example/skopeo:1", insecure: ["registry.invalid:5000"] }
`,
      }),
      env,
    });

  test('a tunnel for TLS, plain requests for plain HTTP, and its password in no output', async () => {
    const url = `http://proxy-user:fake-proxy-password@${proxy}`;
    const run = await verify({ HTTPS_PROXY: url, HTTP_PROXY: url });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toBe('registry.invalid:5000: 1 of 1 images are there\n');
    const login = `Basic ${Buffer.from('proxy-user:fake-proxy-password').toString('base64')}`;
    expect(asked).toEqual([
      `CONNECT registry.invalid:5000 ${login}`,
      `GET http://registry.invalid:5000/v2/ ${login}`,
      `HEAD http://registry.invalid:5000/v2/library/nginx/manifests/1.10 ${login}`,
    ]);
  });

  test('a proxy that is no URL is refused, and not repeated', async () => {
    const run = await verify({ HTTPS_PROXY: 'http://user:fake-proxy-password@:x' });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toMatch(
      /^error: the proxy that the environment names .* is no URL; expected http:\/\/host:port\n$/,
    );
  });
});
