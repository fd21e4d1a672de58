import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type ConfigInput, defineConfig, InputError, makePlan, parseConfig } from '../../lib/index.ts';
import { customKindProblems } from '../support/custom-kinds.ts';
import { containers } from '../support/digests.ts';
import { kubernetesProblems } from '../support/kubernetes-schema.ts';
import { open, seal, sealingKey, sealingLabel } from '../support/sealing.ts';
import { type Manifest, only, synthesize } from '../support/synth.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const image = `quay.io/skopeo/stable@${digest}`;
const digests = `web:\n  web:\n    image_repository_server: docker.io\n    image_repository_path: a/web\n    image_tag: v1\n    image_digest: ${digest}\n`;
type Auth = NonNullable<NonNullable<ConfigInput['mirror']>['auth']>[number];
const config = (pullSecret: ConfigInput['pullSecret'], ...auth: Auth[]): ConfigInput => ({
  apiVersion: 'ess-airgap/v1',
  registry: { server: 'localregistry.local:5000' },
  ...(pullSecret && { pullSecret }),
  mirror: { image, auth },
});
const vault = { name: 'vault', kind: 'ClusterSecretStore' } as const;
const remote = (name: string) => ({
  username: { key: `ess/${name}`, property: 'username' },
  password: { key: `ess/${name}`, property: 'password' },
});
const key = sealingKey();
const environment = { U: 'user', P: 'password-of-the-job', V: 'nodes', Q: 'password-of-nodes' };

/** A docker config with a login for each server that the tests name. */
const dockerConfigFile = join(mkdtempSync(join(tmpdir(), 'ess-airgap-')), 'config.json');
const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') });
const auths = {
  'localregistry.local:5000': auth('nodes:password-of-nodes'),
  'https://index.docker.io/v1/': auth('user:password-of-the-job'),
};
writeFileSync(dockerConfigFile, JSON.stringify({ auths }), { mode: 0o600 });
afterAll(() => rmSync(dirname(dockerConfigFile), { recursive: true }));

/** One credential in each of its sources; the pull Secret's are called pull, those of the Job push. */
const sources = {
  env: [
    { source: 'env', name: 'pull', usernameEnv: 'V', passwordEnv: 'Q' },
    { source: 'env', server: 'docker.io', usernameEnv: 'U', passwordEnv: 'P' },
  ],
  existing: [
    { source: 'existing', name: 'pull' },
    { source: 'existing', server: 'docker.io', name: 'push' },
  ],
  externalSecret: [
    { source: 'externalSecret', name: 'pull', store: vault, ...remote('pull') },
    { source: 'externalSecret', name: 'push', server: 'docker.io', store: vault, ...remote('push') },
  ],
  sealedSecret: [
    { source: 'sealedSecret', name: 'pull', encryptedData: seal('{}', 'element-onprem/pull', key.publicKey) },
    {
      source: 'sealedSecret',
      name: 'push',
      server: 'docker.io',
      encryptedData: seal('{}', 'ess-mirror/push', key.publicKey),
    },
  ],
  file: [
    { source: 'file', name: 'pull', path: dockerConfigFile },
    { source: 'file', name: 'push', server: 'docker.io', path: dockerConfigFile },
  ],
} as const satisfies Record<Auth['source'], readonly [ConfigInput['pullSecret'], Auth]>;

describe.each(Object.entries(sources))('source %s', (source, [pull, auth]) => {
  const charts = synthesize(digests, config(pull, auth), environment);
  const kinds = (chart: string) => (charts[chart] ?? []).map(({ kind }) => kind);

  test('the Job mounts the one Secret, whatever made it', () => {
    const volumes = only(charts['ess-mirror'] ?? [], 'Job').spec.template.spec.volumes;
    const name = source === 'env' ? 'ess-mirror-auth' : 'push';
    expect(volumes.find((volume: { name: string }) => volume.name === 'auth').projected.sources).toEqual([
      { secret: { name, items: [{ key: '.dockerconfigjson', path: `${name}/config.json` }] } },
    ]);
  });

  test('plain Secrets are in files of their own; what is safe in git is in the charts of its namespace', () => {
    const plain = source === 'env' || source === 'file';
    const objects = { externalSecret: 'ExternalSecret', sealedSecret: 'SealedSecret' };
    const made = plain ? 'Secret' : objects[source as keyof typeof objects];
    const files = ['pull-ess-secrets', 'mirror-ess-secrets'];
    expect(files.map((file) => file in charts)).toEqual([plain, plain]);
    const places = plain ? files : ['ess-images', 'ess-mirror'];
    const found = ['ess-images', 'ess-mirror', ...files].flatMap((chart) =>
      kinds(chart)
        .filter((kind) => kind.endsWith('Secret'))
        .map((kind) => [kind, chart]),
    );
    expect(found).toEqual(made ? places.map((place) => [made, place]) : []);
    for (const object of Object.values(charts)
      .flat()
      .filter(({ kind }) => kind.endsWith('Secret'))) {
      const { name, namespace } = object.metadata;
      expect(`${namespace}/${name}`).toBe(
        name === 'pull'
          ? 'element-onprem/pull'
          : `ess-mirror/${source === 'env' ? 'ess-mirror-auth' : 'push'}`,
      );
    }
  });
});

test('ExternalSecret and SealedSecret have only fields that their CRDs allow', () => {
  const custom = (objects: readonly Manifest[] = []) =>
    objects.filter(({ kind }) => kind === 'ExternalSecret' || kind === 'SealedSecret');
  const objects = (['externalSecret', 'sealedSecret'] as const).flatMap((source) =>
    Object.values(synthesize(digests, config(sources[source][0], sources[source][1]))).flatMap(custom),
  );
  expect(objects).toHaveLength(4);
  expect(objects.flatMap(customKindProblems)).toEqual([]);
  const broken = (kind: string, change: (object: Manifest) => void) => {
    const copy = structuredClone(only(objects.filter((object) => object.kind === kind).slice(0, 1), kind));
    change(copy);
    return customKindProblems(copy);
  };
  const policy = ({ spec }: Manifest) => {
    spec.target.creationPolicy = 'Sometimes';
  };
  expect(broken('ExternalSecret', policy)).toEqual([
    '/spec/target/creationPolicy must be equal to one of the allowed values',
  ]);
  const unknown = (object: Manifest) => Object.assign(object.spec, { tarjet: {} });
  expect(broken('ExternalSecret', unknown)).toEqual(['/spec must NOT have additional properties tarjet']);
  expect(broken('SealedSecret', unknown)).toEqual(['/spec must NOT have additional properties tarjet']);
  expect(broken('SealedSecret', ({ spec }) => delete spec.encryptedData)).toEqual([
    "/spec must have required property 'encryptedData'",
  ]);
  // Metadata is that of every object.
  const anything = { type: 'object' };
  const schemas = {
    'external-secrets.io/v1/ExternalSecret': anything,
    'bitnami.com/v1alpha1/SealedSecret': anything,
  };
  expect(objects.flatMap((object) => kubernetesProblems(object, schemas))).toEqual([]);
});

test('credentials of one Secret and store are one ExternalSecret with several servers', () => {
  const one = { source: 'externalSecret', name: 'push', store: vault } as const;
  const charts = synthesize(
    digests,
    config(
      undefined,
      { ...one, server: 'docker.io', ...remote('hub') },
      { ...one, server: 'localregistry.local:5000', ...remote('push') },
    ),
  );
  const { spec } = only(charts['ess-mirror'] ?? [], 'ExternalSecret');
  expect(spec.target.template.data['.dockerconfigjson']).toBe(
    '{"auths":{"docker.io":{"username":{{ .username_0 | toRawJson }},"password":{{ .password_0 | toRawJson }},"auth":"{{ printf "%s:%s" .username_0 .password_0 | b64enc }}"},' +
      '"localregistry.local:5000":{"username":{{ .username_1 | toRawJson }},"password":{{ .password_1 | toRawJson }},"auth":"{{ printf "%s:%s" .username_1 .password_1 | b64enc }}"}}}',
  );
  expect(spec.data.map((entry: { secretKey: string }) => entry.secretKey)).toEqual([
    'username_0',
    'password_0',
    'username_1',
    'password_1',
  ]);
  expect(spec.data[3].remoteRef).toMatchObject({ key: 'ess/push', property: 'password' });
});

describe('SealedSecret', () => {
  const dockerConfig =
    '{"auths":{"localregistry.local:5000":{"username":"u","password":"pässword","auth":"dTpw"}}}';

  test.each(['strict', 'namespace-wide', 'cluster-wide'] as const)(
    '%s: sealed, synthesised and opened again',
    (scope) => {
      const encryptedData = seal(dockerConfig, sealingLabel(scope, 'element-onprem', 'pull'), key.publicKey);
      const charts = synthesize(
        digests,
        config({ source: 'sealedSecret', name: 'pull', scope, encryptedData }),
      );
      const { metadata, spec } = only(charts['ess-images'] ?? [], 'SealedSecret');
      // The controller reads the scope and what the ciphertext is bound to from the object, as here.
      const annotations = Object.keys(spec.template.metadata.annotations ?? {});
      expect(annotations).toEqual(scope === 'strict' ? [] : [`sealedsecrets.bitnami.com/${scope}`]);
      const found = annotations[0]?.split('/')[1] ?? 'strict';
      const label = sealingLabel(found, metadata.namespace ?? '', metadata.name);
      expect(open(spec.encryptedData['.dockerconfigjson'], label, key.privateKey)).toBe(dockerConfig);
      expect(spec.template.type).toBe('kubernetes.io/dockerconfigjson');
      expect(spec.template.metadata).toMatchObject({ name: 'pull', namespace: 'element-onprem' });
    },
  );

  test('a strict ciphertext does not open under another name: names never get a hash', () => {
    const sealed = seal(dockerConfig, 'element-onprem/pull', key.publicKey);
    expect(() => open(sealed, 'element-onprem/pull-1234', key.privateKey)).toThrow();
  });

  test('the secret itself in the place of the ciphertext is refused and not repeated', () => {
    for (const secret of [dockerConfig, Buffer.from(dockerConfig).toString('base64'), 'hunter2', '']) {
      const text = `apiVersion: ess-airgap/v1\nregistry: {server: a.b}\npullSecret: ${JSON.stringify({ source: 'sealedSecret', name: 'x', encryptedData: secret })}\n`;
      expect(() => parseConfig(text, 'airgap.yaml')).toThrow(
        /encryptedData is not valid: expected the ciphertext/,
      );
      expect(messageOf(() => parseConfig(text, 'airgap.yaml'))).not.toMatch(/hunter2|auths|eyJ/);
    }
  });
});

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('this was accepted');
}

test('a password where a key of a store belongs is not repeated', () => {
  const text =
    'apiVersion: ess-airgap/v1\nregistry: {server: a.b}\npullSecret: {source: externalSecret, name: x, store: {name: v}, username: hunter2, password: hunter2}\n';
  const message = messageOf(() => parseConfig(text, 'airgap.yaml'));
  expect(message).toContain('pullSecret.password is a string; expected a mapping');
  expect(message).not.toContain('hunter2');
});

describe('findings about Secrets', () => {
  const codes = (input: ConfigInput) =>
    makePlan(containers({ 'web/web': `docker.io/a/web:v1@${digest}` }), defineConfig(input))
      .findings.filter(({ code }) => /secret|credential/.test(code))
      .map(({ code }) => code);
  const sameNamespace = (input: ConfigInput): ConfigInput => ({
    ...input,
    namespace: 'ess',
    mirror: { ...(input.mirror as NonNullable<ConfigInput['mirror']>), namespace: 'ess' },
  });
  const { env, existing, externalSecret, file, sealedSecret } = sources;

  test.each(Object.entries(sources))('%s: two credentials of their own have none', (_, [pull, auth]) => {
    expect(codes(config(pull, auth))).toEqual([]);
    expect(codes(sameNamespace(config(pull, auth)))).toEqual([]);
  });

  test.each<[string, ConfigInput['pullSecret'], Auth, boolean?]>([
    ['the same Secret', existing[0], { ...existing[1], name: 'pull' }, true],
    ["the Job's Secret for the nodes", { ...existing[0], name: 'ess-mirror-auth' }, env[1], true],
    ['the same variable', env[0], { ...env[1], passwordEnv: 'Q' }],
    ['the same key of the store', externalSecret[0], { ...externalSecret[1], ...remote('pull') }],
    [
      'the same ciphertext',
      sealedSecret[0],
      { ...sealedSecret[1], encryptedData: sealedSecret[0].encryptedData },
    ],
    ['the same login of a file', file[0], { ...file[1], server: 'localregistry.local:5000' }],
  ])('%s for nodes and Job is an error, unless the configuration says so', (_, pull, auth, together) => {
    const place = together ? sameNamespace : (input: ConfigInput) => input;
    expect(codes(place(config(pull, auth)))).toEqual(['credential-shared']);
    expect(codes(place(config(pull, { ...auth, sharedWithNodes: true })))).toEqual([]);
  });

  test('the same name in another namespace is another Secret', () => {
    expect(codes(config(existing[0], { ...existing[1], name: 'pull' }))).toEqual([]);
  });

  test('the same user name and password from other variables is an error that shows neither', () => {
    const twins = { U: 'robot', P: 'hunter2-secret', V: 'robot', Q: 'hunter2-secret' };
    const input = config(env[0], env[1]);
    const message = messageOf(() => synthesize(digests, input, twins));
    expect(message).toContain(
      'the value of P, for docker.io, and the value of Q, which the nodes get, are the same credential',
    );
    expect(message).toContain('[credential-shared]');
    expect(message).not.toMatch(/hunter2|robot/);
    const meant = config(env[0], { ...env[1], sharedWithNodes: true });
    expect(Object.keys(synthesize(digests, meant, twins))).toContain('mirror-ess-secrets');
  });

  test('two makers of one Secret', () => {
    const push = externalSecret[1];
    const other = { ...push, server: 'quay.io' };
    const two = (...auth: Auth[]) => codes(config(undefined, ...auth));
    expect(two(push, other)).toEqual([]);
    expect(two(push, { ...other, store: { name: 'other' } })).toEqual(['secret-collision']);
    expect(two(push, { ...other, refreshInterval: '5m' })).toEqual(['secret-collision']);
    expect(() => two(push, push)).toThrow('mirror.auth lists docker.io twice');
    expect(two(sealedSecret[1], { ...sealedSecret[1], server: 'quay.io' })).toEqual(['secret-collision']);
    expect(two(sealedSecret[1], { source: 'existing', name: 'push', server: 'quay.io' })).toEqual([]);
    expect(two(env[1], { ...other, name: 'ess-mirror-auth' })).toEqual(['secret-collision']);
    expect(two(file[1], { ...file[1], server: 'quay.io' })).toEqual([]);
    expect(() => two(file[1], file[1])).toThrow('mirror.auth lists docker.io twice');
    const clash = sameNamespace(
      config({ ...externalSecret[0], name: 'push' }, { ...push, sharedWithNodes: true }),
    );
    expect(codes(clash)).toEqual(['secret-collision']);
  });

  test('a Secret of the environment is not in git: with a GitOps tool that is said', () => {
    expect(codes({ ...config(env[0], env[1]), gitops: 'flux' })).toEqual(['gitops-plain-secret']);
    expect(codes({ ...config(externalSecret[0], externalSecret[1]), gitops: 'flux' })).toEqual([]);
  });
});

test.each([
  ['credential-unset', { P: undefined }, 'P, for docker.io, is not set'],
  ['credential-empty', { P: '' }, 'P, for docker.io, is empty'],
  ['credential-control-character', { P: 'hunter2\n' }, 'has a line break or another control character'],
  ['credential-colon', { U: 'hunter2:x' }, 'U, for docker.io, has a colon'],
])('%s', (code, wrong, said) => {
  const message = messageOf(() => synthesize(digests, config(...sources.env), { ...environment, ...wrong }));
  expect(message).toContain(said);
  expect(message).toContain(`[${code}]`);
  expect(message).not.toContain('hunter2');
});
