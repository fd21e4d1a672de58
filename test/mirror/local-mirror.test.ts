import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BINARY, folder } from '../support/cli.ts';
import { runEssAirgap, runShell, startEssAirgap } from '../support/cli-process.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { type Image, makeImage, pushImage } from '../support/images.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  manifestDigest,
  type Registry,
  startRegistry,
} from '../support/registry.ts';
import { digestsFileOf } from '../support/release.ts';

// `ess-airgap mirror` as a process, with the real skopeo: from a registry over TLS with a password into another.

const pull = { username: 'ems-user', password: 'fake-ems-token' };
const push = { username: 'pusher', password: 'fake-push-password' };
const synapse = makeImage({ name: 'synapse', layers: [{ seed: 'synapse', size: 40_000 }] });
const redis = makeImage({ name: 'redis', mediaTypes: 'docker' });

let directory: string;
let authority: CertificateAuthority;
let source: Registry;
let target: Registry;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ess-airgap-mirror-'));
  authority = createCertificateAuthority(directory);
  [source, target] = await Promise.all([
    startRegistry({ password: pull, tls: authority }),
    startRegistry({ password: push, tls: authority }),
  ]);
  const access = { ...pull, ca: authority.ca };
  await pushImage(source.server, 'element-hq/synapse', 'v1', synapse, access);
  await pushImage(source.server, 'library/redis', '7.2', redis, access);
});
afterAll(async () => {
  await Promise.all([source?.stop(), target?.stop()]);
  rmSync(directory, { recursive: true, force: true });
});

function project(from = source.server, extra: Record<string, string> = {}, insecure: string[] = []): string {
  const reference = (path: string, tag: string, image: Image) => `${from}/${path}:${tag}@${image.digest}`;
  return folder({
    'images_digests.yml': digestsFileOf({
      'synapse/synapse': reference('element-hq/synapse', 'v1', synapse),
      'synapse/redis': reference('library/redis', '7.2', redis),
      ...extra,
    }),
    'airgap.yaml': `apiVersion: ess-airgap/v1
registry: { server: nodes.example, pushServer: "${target.server}", path: ess }
mirror:
  image: "x.example/skopeo:1@sha256:${'0'.repeat(64)}"
  insecure: ${JSON.stringify(insecure)}
  auth:
    - { server: "${from}", source: env, usernameEnv: SOURCE_USERNAME, passwordEnv: SOURCE_PASSWORD }
    - { server: "${target.server}/ess", source: env, usernameEnv: PUSH_USERNAME, passwordEnv: PUSH_PASSWORD }
`,
    'tmp/.keep': '',
  });
}

const env = (cwd: string) => ({
  SOURCE_USERNAME: pull.username,
  SOURCE_PASSWORD: pull.password,
  PUSH_USERNAME: push.username,
  PUSH_PASSWORD: push.password,
  SSL_CERT_FILE: authority.caFile,
  TMPDIR: join(cwd, 'tmp'),
});

function expectClean(cwd: string, ...output: string[]): void {
  expect(readdirSync(join(cwd, 'tmp'))).toEqual(['.keep']);
  for (const text of output) {
    for (const { username, password } of [pull, push]) {
      expect(text).not.toContain(password);
      expect(text).not.toContain(Buffer.from(`${username}:${password}`).toString('base64'));
    }
  }
}

test('--dry-run says what would be copied, and asks nobody', async () => {
  const cwd = project();
  const marks = [source.mark(), target.mark()];
  const run = await runEssAirgap(['mirror', '--dry-run'], { cwd });
  expect(run).toMatchObject({ status: 0, stderr: '' });
  expect(run.stdout).toBe(
    `copy    ${source.server}/element-hq/synapse:v1@${synapse.digest}
     to ${target.server}/ess/element-hq/synapse:v1
copy    ${source.server}/library/redis:7.2@${redis.digest}
     to ${target.server}/ess/library/redis:7.2
2 images would be copied, except those that are in the registry with their digest
`,
  );
  expect([source.mark(), target.mark()]).toEqual(marks);
});

test('copies everything with its digest, then has nothing to do, and leaves no file behind', async () => {
  const cwd = project();
  const first = await runEssAirgap(['mirror'], { cwd, env: env(cwd) });
  expect(first).toMatchObject({ status: 0, stderr: '' });
  expect(first.stdout.split('\n').sort()).toEqual([
    '',
    '2 images: 2 copied, 0 skipped, already in the registry, 0 failed',
    `copied   ${target.server}/ess/element-hq/synapse:v1`,
    `copied   ${target.server}/ess/library/redis:7.2`,
  ]);
  const access = { ...push, ca: authority.ca };
  expect(await manifestDigest(target.server, 'ess/element-hq/synapse', 'v1', access)).toBe(synapse.digest);
  expect(await manifestDigest(target.server, 'ess/library/redis', '7.2', access)).toBe(redis.digest);

  const second = await runEssAirgap(['mirror', '--format', 'json'], { cwd, env: env(cwd) });
  expect(second.status).toBe(0);
  const lines = second.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.filter(({ result }) => result === 'skipped')).toHaveLength(2);
  expect(lines.at(-1)).toMatchObject({ expected: 2, copied: 0, skipped: 2, failed: 0 });

  const verified = await runEssAirgap(['verify', '--push'], { cwd, env: env(cwd) });
  expect(verified).toMatchObject({
    status: 0,
    stdout: `${target.server}: 2 of 2 images are present\n`,
  });
  expectClean(cwd, first.stdout, first.stderr, second.stdout, second.stderr);
});

test('logins are in no environment and no argument of what runs, and their files are for nobody else', async () => {
  const cwd = project();
  const bin = join(cwd, 'bin');
  const seen = join(cwd, 'seen');
  mkdirSync(bin);
  const real = execFileSync('sh', ['-c', 'command -v skopeo'], { encoding: 'utf8' }).trim();
  writeFileSync(
    join(bin, 'skopeo'),
    `#!/bin/sh\n{ env; echo "$@"; } >>${seen}\nls -lR "$TMPDIR/../auth" >>${seen} 2>&1\nexec ${real} "$@"\n`,
    { mode: 0o755 },
  );
  const run = await runEssAirgap(['mirror'], {
    cwd,
    env: { ...env(cwd), PATH: `${bin}:${process.env.PATH}` },
  });
  expect(run.status).toBe(0);
  const text = readFileSync(seen, 'utf8');
  expect(text).toContain('--authfile');
  expect(text).toMatch(/^-rw------- .* config\.json$/m);
  expect(text).not.toMatch(/^-(?!rw-------).* config\.json$/m);
  expectClean(cwd, text);
});

test('--ca names the authority of both registries', async () => {
  const cwd = project();
  const { SSL_CERT_FILE: _, ...rest } = env(cwd);
  const run = await runEssAirgap(['mirror', '--ca', authority.caFile], { cwd, env: rest });
  expect(run).toMatchObject({ status: 0, stderr: '' });
  expect(run.stdout).toContain('2 images: ');
  expect(readdirSync(join(cwd, 'tmp'))).toEqual(['.keep']);
});

test('an image that cannot be had: exit code 1, its name, who needs it, and the others are copied', async () => {
  const missing = `${source.server}/element-hq/sydent:v9@sha256:${'0'.repeat(64)}`;
  const cwd = project(source.server, { 'sydent/sydent': missing });
  const run = await runEssAirgap(['mirror'], { cwd, env: env(cwd) });
  expect(run.status).toBe(1);
  expect(run.stdout).toContain(`failed   ${target.server}/ess/element-hq/sydent:v9\n         `);
  expect(run.stdout).toContain('         used by sydent/sydent\n');
  expect(run.stdout).toContain('3 images: 0 copied, 2 skipped, already in the registry, 1 failed\n');
  expectClean(cwd, run.stdout, run.stderr);
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s ends skopeo, leaves no file behind, and ends the command as it does others',
  async (signal) => {
    const slow = await startFaultProxy({
      target: source.url,
      targetAccess: { ...pull, ca: authority.ca },
      rules: [{ match: { path: /\/blobs\// }, fault: { delayMs: 60_000 } }],
    });
    const other = makeImage({ name: 'other', layers: [{ seed: 'other', size: 5000 }] });
    await pushImage(source.server, 'element-hq/other', 'v1', other, { ...pull, ca: authority.ca });
    const cwd = project(
      slow.server,
      { 'other/other': `${slow.server}/element-hq/other:v1@${other.digest}` },
      [slow.server],
    );
    const { child, ended } = startEssAirgap(['mirror'], { cwd, env: env(cwd) });
    while (!slow.requests.some(({ path }) => path.includes('/blobs/'))) await sleep(50);
    child.kill(signal);
    const run = await ended;
    expect(child.signalCode).toBe(signal);
    await slow.stop();
    expectClean(cwd, run.stdout, run.stderr);
    expect(commandLines().filter((line) => line.includes(slow.server))).toEqual([]);
  },
);

/** Of every process that runs now. */
function commandLines(): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')] : [];
    } catch {
      return [];
    }
  });
}

test('without skopeo: exit code 2, and where to get it', async () => {
  const cwd = project();
  const bin = join(cwd, 'bin');
  mkdirSync(bin);
  symlinkSync('/bin/sh', join(bin, 'sh'));
  const run = await runEssAirgap(['mirror'], { cwd, env: { ...env(cwd), PATH: bin } });
  expect(run).toMatchObject({ status: 2, stdout: '' });
  expect(run.stderr).toMatch(/^error: skopeo cannot be run; expected it on the PATH\n {4}Install it: /);
});

test('--sizes: the progress has bytes, in a log as a line now and then', async () => {
  const cwd = project();
  rmSync(join(target.storageDir, 'docker'), { recursive: true, force: true });
  const run = await runEssAirgap(['mirror', '--sizes'], {
    cwd,
    env: { ...env(cwd), ESS_AIRGAP_PROGRESS_SECONDS: '1' },
  });
  expect(run.status).toBe(0);
  expect(run.stdout).toContain('2 images: 2 copied, 0 skipped, already in the registry, 0 failed\n');
  for (const line of run.stderr.trim().split('\n').filter(Boolean)) {
    expect(line).toMatch(
      /^\d of 2 images done, \d being copied; [\d.]+ MB of 0\.\d MB(, [\d.]+ MB\/s(, about \d+s left)?)?$/,
    );
  }
  expectClean(cwd, run.stdout, run.stderr);
});

test('in a terminal the progress is a live block, of which nothing stays', async () => {
  const cwd = project();
  rmSync(join(target.storageDir, 'docker'), { recursive: true, force: true });
  const { stdout } = await runShell(
    `script -qec "stty cols 100 rows 30; '${process.execPath}' '${BINARY}' mirror" /dev/null`,
    { cwd, env: { ...env(cwd), TERM: 'xterm' } },
  );
  expect(stdout).toContain('copying from');
  // The block is taken away before each line that stays, and at the end.
  const screen = stdout
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .join('\n');
  expect(screen.slice(screen.lastIndexOf('\u001b[J'))).not.toContain('copying from');
  expect(screen).toContain('2 images: 2 copied, 0 skipped, already in the registry, 0 failed');
});

test('one cause of many failures is printed once, and what to do about it', async () => {
  const extra = Object.fromEntries(
    [1, 2, 3].map((n) => [
      `gone/c${n}`,
      `${source.server}/element-hq/gone-${n}:v1@sha256:${`${n}`.repeat(64)}`,
    ]),
  );
  const cwd = project(source.server, extra);
  const run = await runEssAirgap(['mirror'], { cwd, env: env(cwd) });
  expect(run.status).toBe(1);
  expect(run.stdout).toContain('\n3 images failed for the same reason: not-found\n  ');
  expect(run.stdout.match(/was removed, or the repository must be created first\./g)).toHaveLength(2);
  expect(run.stdout.match(/ {9}not-found, as /g)).toHaveLength(2);
});
