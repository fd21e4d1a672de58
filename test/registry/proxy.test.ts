import { execFileSync } from 'node:child_process';
import * as http from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folder } from '../support/cli.ts';
import { runEssAirgap } from '../support/cli-process.ts';
import { makeImage, pushImage } from '../support/images.ts';
import { createCertificateAuthority, type Registry, startRegistry } from '../support/registry.ts';
import { digestsFileOf } from '../support/release.ts';

describe('verify through a proxy', () => {
  const image = makeImage({ name: 'nginx', architectures: ['amd64'] });
  const asked: string[] = [];
  let registry: Registry;
  let server: http.Server;
  let proxy: string;
  /** The port that the proxy connects to, whatever is asked for. */
  let onward: number;

  beforeAll(async () => {
    registry = await startRegistry();
    await pushImage(registry.server, 'library/nginx', '1.10', image);
    onward = Number(new URL(registry.url).port);
    // Whatever name is asked for, it is the registry: the client cannot have found it by itself.
    server = http.createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers['proxy-authorization']}`);
      const { pathname } = new URL(request.url ?? '');
      const passed = http.request({
        port: onward,
        path: pathname,
        method: request.method,
        headers: request.headers,
      });
      passed.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      });
      request.pipe(passed);
    });
    server.on('connect', (request, socket) => {
      asked.push(`CONNECT ${request.url} ${request.headers['proxy-authorization']}`);
      const tunnel = connect(onward, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        tunnel.pipe(socket).pipe(tunnel);
      });
      tunnel.on('error', () => socket.destroy());
      socket.on('error', () => tunnel.destroy());
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

  const verify = (env: Record<string, string>, args: string[] = [], insecure = true) =>
    runEssAirgap(['verify', ...args], {
      cwd: folder({
        'images_digests.yml': digestsFileOf({
          'well_known/nginx': `docker.io/library/nginx:1.10@${image.digest}`,
        }),
        'airgap.yaml': `apiVersion: ess-airgap/v1
registry: { server: "registry.invalid:5000" }
${insecure ? 'mirror: { image: "x.example/skopeo:1", insecure: ["registry.invalid:5000"] }' : ''}
`,
      }),
      env,
    });

  test('a tunnel for TLS, plain requests for plain HTTP, and its password in no output', async () => {
    const url = `http://proxy-user:fake-proxy-password@${proxy}`;
    const run = await verify({ HTTPS_PROXY: url, HTTP_PROXY: url });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toBe('registry.invalid:5000: 1 of 1 images are present\n');
    const login = `Basic ${Buffer.from('proxy-user:fake-proxy-password').toString('base64')}`;
    expect(asked).toEqual([
      `CONNECT registry.invalid:5000 ${login}`,
      `GET http://registry.invalid:5000/v2/ ${login}`,
      `HEAD http://registry.invalid:5000/v2/library/nginx/manifests/1.10 ${login}`,
    ]);
  });

  test('the certificate behind the tunnel is checked against the name that was asked for', async () => {
    const dir = folder();
    const authority = createCertificateAuthority(dir);
    const issue = (name: string) => {
      const file = (end: string) => join(dir, `${name}.${end}`);
      execFileSync(
        'openssl',
        [
          ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
          ...['-keyout', file('key'), '-out', file('crt'), '-subj', '/CN=test'],
          ...['-addext', `subjectAltName=DNS:${name}`, '-addext', 'basicConstraints=critical,CA:FALSE'],
          ...['-CA', join(dir, 'ca.crt'), '-CAkey', join(dir, 'ca.key')],
        ],
        { stdio: 'ignore' },
      );
      return { certFile: file('crt'), keyFile: file('key') };
    };
    const answers: Record<string, string> = {};
    for (const name of ['registry.invalid', 'other.invalid']) {
      const behind = await startRegistry({ tls: issue(name), storageDir: registry.storageDir });
      onward = Number(new URL(behind.url).port);
      const run = await verify({ HTTPS_PROXY: `http://${proxy}` }, ['--ca', authority.caFile], false);
      answers[name] = run.stdout;
      await behind.stop();
    }
    expect(answers['registry.invalid']).toBe('registry.invalid:5000: 1 of 1 images are present\n');
    expect(answers['other.invalid']).toContain('has a certificate for other names: other.invalid');
  });

  test('a proxy that is no URL is refused, and not repeated', async () => {
    const run = await verify({ HTTPS_PROXY: 'http://user:fake-proxy-password@:x' });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toMatch(
      /^error: the proxy that the environment names .* is no URL; expected http:\/\/host:port\n$/,
    );
  });
});
