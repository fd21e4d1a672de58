import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { pushSignable, signBundle, signSimple } from '../../test/support/cosign-signatures.ts';
import { startRegistry } from '../../test/support/registry.ts';
import { digestsFileOf } from '../../test/support/release.ts';
import { IDENTITY } from '../../test/support/sigstore.ts';
import { identityToken, startSigstoreServer } from './sigstore-server.ts';

// Two implementations agree: `ess-airgap signatures` verifies what the real cosign 3 and cosign 2 sign, and the real cosign
// verifies, offline, what the tests of this repository sign; both reject the same things.

const [work = ''] = process.argv.slice(2);
const execute = promisify(execFile);
let passed = 0;

interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(program: string, args: readonly string[], cwd = work): Promise<Result> {
  const env = { PATH: process.env.PATH, HOME: work, TMPDIR: work, NO_COLOR: '1', COSIGN_PASSWORD: '' };
  try {
    return { status: 0, ...(await execute(program, args, { cwd, env, timeout: 120_000 })) };
  } catch (error) {
    const { stdout = '', stderr = '', code } = error as { stdout?: string; stderr?: string; code?: unknown };
    if (typeof code !== 'number') throw error;
    return { status: code, stdout, stderr };
  }
}

async function succeed(program: string, ...args: string[]): Promise<void> {
  const { status, stdout, stderr } = await run(program, args);
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
}

function check(what: string, found: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: found ${a}, expected ${b}`);
  passed += 1;
  console.log(`ok  ${what}`);
}

const [registry, services] = await Promise.all([startRegistry(), startSigstoreServer()]);
const { server } = registry;
const { sigstore } = services;
try {
  writeFileSync(join(work, 'trusted_root.json'), JSON.stringify(sigstore.trustedRoot));
  for (const name of ['mine', 'other']) {
    await succeed('cosign-v3', 'generate-key-pair', '--output-key-prefix', name);
  }

  /** What our command says of one image by a rule. */
  async function ours(
    repository: string,
    digest: string,
    signer: object,
    trustedRoot = 'trusted_root.json',
  ): Promise<string> {
    const folder = join(work, `ours-${Math.random()}`);
    mkdirSync(folder);
    const reference = `${server}/${repository}:v1@${digest}`;
    writeFileSync(join(folder, 'images_digests.yml'), digestsFileOf({ 'synapse/synapse': reference }));
    for (const name of ['mine.pub', trustedRoot])
      writeFileSync(join(folder, name), readFileSync(join(work, name)));
    // JSON is YAML.
    const config = {
      apiVersion: 'ess-airgap/v1',
      registry: { server: 'localregistry.local' },
      mirror: { image: `localregistry.local/skopeo@${digest}`, insecure: [server] },
      verify: { trustedRoot, images: [{ match: '**', signedBy: [signer] }] },
    };
    writeFileSync(join(folder, 'airgap.yaml'), JSON.stringify(config));
    const tool = resolve('build/ess-airgap.cjs');
    const found = await run(process.execPath, [tool, 'signatures', '--format', 'json'], folder);
    if (!found.stdout) throw new Error(found.stderr);
    return JSON.parse(found.stdout).signatures[0].result;
  }

  // Signed by cosign with a key.
  const key = { key: 'mine.pub', transparencyLog: false };
  for (const major of ['v3', 'v2']) {
    for (const [owner, expected] of [
      ['mine', 'verified'],
      ['other', 'rejected'],
    ] as const) {
      const repository = `cosign-${major}/${owner}`;
      const { digest } = await pushSignable(server, repository);
      const modern = major === 'v3' ? ['--use-signing-config=false'] : [];
      const sign = ['sign', '--key', `${owner}.key`, ...modern, '--tlog-upload=false', '--yes'];
      await succeed(`cosign-${major}`, ...sign, '--allow-http-registry', `${server}/${repository}@${digest}`);
      const found = await ours(repository, digest, key);
      check(
        `signed by cosign ${major} with the key "${owner}": ${expected} with the key "mine"`,
        found,
        expected,
      );
    }
  }

  // Signed by cosign 3 without a key, with a certificate of our Fulcio and an entry of our Rekor. Cosign 2 wants the root of
  // the public sigstore from the internet for it.
  for (const [subject, expected] of [
    [IDENTITY.subject, 'verified'],
    ['https://github.com/evil/x', 'rejected'],
  ] as const) {
    const repository = `keyless/${expected}`;
    const { digest } = await pushSignable(server, repository);
    await succeed(
      'cosign-v3',
      ...['sign', '--use-signing-config=false', '--trusted-root', 'trusted_root.json', '--yes'],
      ...['--fulcio-url', services.url, '--rekor-url', services.url, '--allow-http-registry'],
      ...['--identity-token', identityToken(IDENTITY.issuer, subject), `${server}/${repository}@${digest}`],
    );
    check(
      `signed by cosign 3 as ${subject}: ${expected}`,
      await ours(repository, digest, IDENTITY),
      expected,
    );
  }

  // The trusted root that cosign makes of the certificates and keys of a sigstore.
  const pem = (name: string, kind: string, bytes: string): string => {
    const lines = bytes.match(/.{1,64}/g)?.join('\n');
    writeFileSync(join(work, name), `-----BEGIN ${kind}-----\n${lines}\n-----END ${kind}-----\n`);
    return name;
  };
  const { certificateAuthorities, tlogs, ctlogs } = sigstore.trustedRoot;
  const start = 'start-time=2020-01-01T00:00:00Z';
  const [ca, log, ctlog] = [certificateAuthorities[0], tlogs[0], ctlogs[0]];
  if (!ca || !log || !ctlog) throw new Error('the trusted root of the tests is not complete');
  const root = pem('ca.pem', 'CERTIFICATE', ca.certChain.certificates[0]?.rawBytes ?? '');
  const rekor = pem('rekor.pub', 'PUBLIC KEY', log.publicKey.rawBytes);
  const ctfe = pem('ctfe.pub', 'PUBLIC KEY', ctlog.publicKey.rawBytes);
  await succeed(
    'cosign-v3',
    ...['trusted-root', 'create', '--out', 'created.json'],
    ...['--fulcio', `url=${ca.uri},certificate-chain=${root}`],
    ...['--rekor', `url=${log.baseUrl},public-key=${rekor},${start}`],
    ...['--ctfe', `url=${ctlog.baseUrl},public-key=${ctfe},${start}`],
  );
  const image = await pushSignable(server, 'created-root');
  await signBundle({ server, repository: 'created-root', image }, sigstore, {});
  const byCreated = await ours('created-root', image.digest, IDENTITY, 'created.json');
  check('ess-airgap with the trusted root that cosign made', byCreated, 'verified');

  // Signed by the tests, without a key: what cosign says, and what ours says.
  const cases = [
    ['accepted', {}, {}],
    ['another subject', { subject: 'https://github.com/evil/x' }, {}],
    ['another issuer', { issuer: 'https://evil.example.org' }, {}],
    ['an expired certificate', { minutesLater: 60 }, {}],
    ['no log entry', { proof: 'none' as const }, {}],
    ['an altered payload', { alter: (text: string) => text.replace(/\}$/, ' }') }, {}],
    ['another image', {}, { digest: `sha256:${'b'.repeat(64)}` }],
  ] as const;
  for (const [name, options, more] of cases) {
    for (const [major, sign] of [
      ['v3', signBundle],
      ['v2', signSimple],
    ] as const) {
      const repository = `test-${major}/${name.replaceAll(' ', '-')}`;
      const image = await pushSignable(server, repository);
      await sign({ server, repository, image }, sigstore, { ...options, ...more });
      const verify = [
        ...['verify', '--trusted-root', 'trusted_root.json', '--offline=true', '--allow-http-registry'],
        ...['--certificate-oidc-issuer', IDENTITY.issuer, '--certificate-identity', IDENTITY.subject],
        ...(major === 'v3' ? [] : ['--new-bundle-format=false']),
      ];
      const theirs = await run(`cosign-${major}`, [...verify, `${server}/${repository}@${image.digest}`]);
      const expected = name === 'accepted';
      if (expected && theirs.status !== 0) console.error(theirs.stderr);
      check(`cosign ${major}, signed by the tests: ${name}`, theirs.status === 0, expected);
      const found = await ours(repository, image.digest, IDENTITY);
      check(`ess-airgap, the same for cosign ${major}: ${name}`, found === 'verified', expected);
    }
  }
  console.log(`${passed} passed, 0 failed`);
} finally {
  services.stop();
  await registry.stop();
}
