import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConfigInput } from '../../lib/index.ts';
import { folder } from '../support/cli.ts';
import { makeImage, pushImage } from '../support/images.ts';
import { runPod } from '../support/pod.ts';
import { manifestDigest, type Registry, startRegistry } from '../support/registry.ts';
import { open, seal, sealingKey } from '../support/sealing.ts';
import { type Manifest, only, synthesize } from '../support/synth.ts';

// The Job as synthesised, with the Secret that a controller would make of what is in git, pushes to a real registry.

const push = { username: 'robot$push', password: 'fake "push" <pässword>' };
const auth = Buffer.from(`${push.username}:${push.password}`).toString('base64');
const image = makeImage({ name: 'web', architectures: ['amd64'], layers: [{ seed: 'web', size: 5_000 }] });
const key = sealingKey();
const namespace = 'ess-mirror';

let source: Registry;
let target: Registry;
beforeAll(async () => {
  [source, target] = await Promise.all([startRegistry(), startRegistry({ password: push })]);
  await pushImage(source.server, 'web', 'v1', image);
});
afterAll(() => Promise.all([source?.stop(), target?.stop()]));

type Auth = NonNullable<NonNullable<ConfigInput['mirror']>['auth']>[number];

function synth(path: string, entry: Auth): Manifest[] {
  const digests = `web:\n  web:\n    image_repository_server: "${source.server}"\n    image_repository_path: web\n    image_tag: v1\n    image_digest: ${image.digest}\n`;
  const insecure = [source.server, target.server];
  const mirror = { image: `quay.io/skopeo/stable@sha256:${'a'.repeat(64)}`, insecure, auth: [entry] };
  const charts = synthesize(digests, {
    apiVersion: 'ess-airgap/v1',
    registry: { server: target.server, path },
    mirror,
  });
  return [...(charts['ess-mirror'] ?? []), ...(charts['mirror-ess-secrets'] ?? [])];
}

function secret(name: string, dockerConfig: string): Manifest {
  const data = { '.dockerconfigjson': Buffer.from(dockerConfig).toString('base64') };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, data };
}

async function expectCopied(path: string, manifests: Manifest[]): Promise<void> {
  const { exitCode, stdout, stderr } = await runPod({ manifests, job: only(manifests, 'Job').metadata.name });
  expect(`${stdout}${stderr}`).toContain('"result":"copied"');
  expect(exitCode).toBe(0);
  expect(await manifestDigest(target.server, `${path}/web`, 'v1', push)).toBe(image.digest);
  expect(stdout + stderr).not.toContain('fake');
}

test('sealedSecret: a docker config as skopeo login writes it, sealed and opened', async () => {
  const config = JSON.stringify({ auths: { [target.server]: { auth } } });
  const encryptedData = seal(config, `${namespace}/push`, key.publicKey);
  const manifests = synth('sealed', {
    server: target.server,
    source: 'sealedSecret',
    name: 'push',
    encryptedData,
  });
  const { metadata, spec } = only(manifests, 'SealedSecret');
  const opened = open(
    spec.encryptedData['.dockerconfigjson'],
    `${metadata.namespace}/${metadata.name}`,
    key.privateKey,
  );
  await expectCopied('sealed', [...manifests, secret(spec.template.metadata.name, opened)]);
});

test('externalSecret: what its template gives', async () => {
  const manifests = synth('external', {
    server: target.server,
    source: 'externalSecret',
    name: 'push',
    store: { name: 'vault' },
    username: { key: 'push', property: 'username' },
    password: { key: 'push', property: 'password' },
  });
  const { target: made } = only(manifests, 'ExternalSecret').spec;
  // The real template engine renders this in CI; here are the three expressions that it is made of.
  const rendered = made.template.data['.dockerconfigjson']
    .replace('{{ .username_0 | toRawJson }}', () => JSON.stringify(push.username))
    .replace('{{ .password_0 | toRawJson }}', () => JSON.stringify(push.password))
    .replace('{{ printf "%s:%s" .username_0 .password_0 | b64enc }}', () => auth);
  await expectCopied('external', [...manifests, secret(made.name, rendered)]);
});

test('file: what skopeo login writes, with another login in it that stays where it is', async () => {
  const path = join(
    folder({ 'auth.json': '{"auths":{"quay.io":{"auth":"b3RoZXI6b3RoZXI="}}}' }),
    'auth.json',
  );
  const { status, stderr } = spawnSync(
    'skopeo',
    [
      'login',
      '--tls-verify=false',
      '--authfile',
      path,
      '-u',
      push.username,
      '--password-stdin',
      target.server,
    ],
    { encoding: 'utf8', input: push.password },
  );
  expect([status, stderr]).toEqual([0, '']);
  const manifests = synth('file', { server: target.server, source: 'file', name: 'push', path });
  const config = Buffer.from(only(manifests, 'Secret').data?.['.dockerconfigjson'] ?? '', 'base64');
  expect(JSON.parse(config.toString())).toEqual({ auths: { [target.server]: { ...push, auth } } });
  await expectCopied('file', manifests);
});
