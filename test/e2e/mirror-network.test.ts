import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import * as http from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Image, makeImage } from '../support/images.ts';
import {
  mirrorManifests,
  pushAll,
  pushAuth,
  pushLogin,
  runMirror,
  withEnvironment,
} from '../support/mirror.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  manifestDigest,
  type Registry,
  startRegistry,
} from '../support/registry.ts';
import type { Manifest } from '../support/synth.ts';

// Private networks: a CA of one's own, a registry that wants a client certificate, a proxy between. And shards.

let directory: string;
let authority: CertificateAuthority;
let source: Registry;
let target: Registry;
const images: Record<string, Image> = Object.fromEntries(
  Array.from({ length: 7 }, (_, n) => [`ess/${n}`, makeImage({ name: `network ${n}` })]),
);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ess-network-'));
  authority = createCertificateAuthority(directory);
  const { certFile, keyFile, caFile } = authority;
  [source, target] = await Promise.all([
    startRegistry({ tls: { certFile, keyFile } }),
    startRegistry({ tls: { certFile, keyFile, clientCaFile: caFile }, password: pushLogin }),
  ]);
  await pushAll(source.server, images, { ca: authority.ca });
});
afterAll(async () => {
  await Promise.all([source?.stop(), target?.stop()]);
  rmSync(directory, { recursive: true, force: true });
});

const names = (count: number) =>
  Object.entries(images)
    .slice(0, count)
    .map(([repository, { digest }]) => ({ server: source.server, repository, tag: 'v1', digest }));

/** What an administrator put into the namespace: the CA and the certificate to show. */
function given(): Manifest[] {
  const metadata = (name: string) => ({ name, namespace: 'ess-mirror' });
  const data = { 'tls.crt': authority.clientCertFile, 'tls.key': authority.clientKeyFile };
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadata('corporate-ca'),
      data: { 'ca.pem': authority.ca },
    },
    { apiVersion: 'v1', kind: 'Secret', metadata: metadata('client'), data: base64(data) },
  ];
}
const base64 = (files: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(files).map(([key, file]) => [key, readFileSync(file).toString('base64')]),
  );

type MirrorOptions = NonNullable<Parameters<typeof mirrorManifests>[2]>;
const trusting = (): MirrorOptions => ({
  insecure: [],
  auth: [pushAuth(target.server)],
  caBundle: { source: 'configMap', name: 'corporate-ca', key: 'ca.pem' },
  clientCertificates: [{ server: target.server, name: 'client' }],
});
const manifests = (count: number, options: MirrorOptions) => [
  ...mirrorManifests(names(count), target.server, options),
  ...given(),
];
const there = (repository: string) =>
  manifestDigest(target.server, repository, 'v1', {
    ...pushLogin,
    ca: authority.ca,
    cert: readFileSync(authority.clientCertFile, 'utf8'),
    key: readFileSync(authority.clientKeyFile, 'utf8'),
  });

test('without the CA nothing is trusted, and without a client certificate nobody gets in', async () => {
  const { caBundle, clientCertificates, ...bare } = trusting();
  const untrusted = await runMirror(manifests(1, bare));
  expect(untrusted.exitCode).toBe(3);
  expect(untrusted.line('ess/0')).toMatchObject({ class: 'certificate', failure: 'permanent', attempts: 0 });
  expect(untrusted.line('ess/0').error).toContain('x509');

  const unknown = await runMirror(manifests(1, { ...bare, caBundle }));
  expect(unknown.exitCode).toBe(3);
  expect(unknown.line('ess/0')).toMatchObject({ class: 'certificate', failure: 'permanent' });
  expect(await there('ess/0')).toBeUndefined();
});

test('with a CA bundle and a client certificate images arrive over TLS', async () => {
  const { exitCode } = await runMirror(manifests(1, trusting()));
  expect(exitCode).toBe(0);
  expect(await there('ess/0')).toBe(images['ess/0']?.digest);
});

test('through a proxy to the source, and past it to the registry', async () => {
  const asked: string[] = [];
  const tunnels: Duplex[] = [];
  const proxy = http.createServer().on('connect', (request, socket, head) => {
    asked.push(request.url ?? '');
    tunnels.push(socket);
    const [, port] = (request.url ?? '').split(':');
    const upstream = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      socket.pipe(upstream).pipe(socket);
    });
    socket.on('error', () => upstream.destroy());
    upstream.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  try {
    // Go never asks a proxy for localhost: the names of these are others.
    const [sourcePort, targetPort] = [source, target].map(({ server }) => server.split(':')[1]);
    const made = mirrorManifests(
      names(2).map((name) => ({ ...name, server: `upstream.test:${sourcePort}` })),
      `registry.internal.test:${targetPort}`,
      {
        auth: [pushAuth(`registry.internal.test:${targetPort}`)],
        proxy: {
          url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
          noProxy: ['.internal.test'],
        },
        clientCertificates: [{ server: `registry.internal.test:${targetPort}`, name: 'client' }],
      },
    );
    const job = made.find(({ kind }) => kind === 'Job');
    const { spec } = job?.spec.template ?? {};
    spec.hostAliases = [{ ip: '127.0.0.1', hostnames: ['registry.internal.test'] }];
    const patched = withEnvironment([...made, ...given()], { ESS_AIRGAP_RETRY_SECONDS: '0' });
    const { exitCode } = await runMirror(patched);
    expect(exitCode).toBe(0);
    expect(await there('ess/1')).toBe(images['ess/1']?.digest);
    expect(new Set(asked)).toEqual(new Set([`upstream.test:${sourcePort}`]));
  } finally {
    for (const tunnel of tunnels) tunnel.destroy();
    await new Promise((resolve) => proxy.close(resolve));
  }
});

test('each pod of an Indexed Job copies its shard; together they copy everything once', async () => {
  const made = withEnvironment(manifests(7, { ...trusting(), shards: 3 }), { ESS_AIRGAP_PARALLEL: '2' });
  const all: string[] = [];
  for (const completionIndex of [0, 1, 2]) {
    const { lines, summary, exitCode } = await runMirror(made, { completionIndex });
    expect(exitCode).toBe(0);
    expect(summary.expected).toBeLessThanOrEqual(3);
    all.push(...lines.map(({ image }) => image));
  }
  expect(all.sort()).toEqual(Object.keys(images).map((name) => `${target.server}/${name}:v1`));
  for (const [repository, { digest }] of Object.entries(images)) expect(await there(repository)).toBe(digest);
});
