import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BINARY } from '../support/cli.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { type Image, makeImage, pushImage } from '../support/images.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { digestsFileOf } from '../support/release.ts';

// However a run ends: no file with a login stays, nothing that it started lives on, and it is no success.

const COUNT = 6;
let directory: string;
let source: Registry;
let target: Registry;
/** Before the source: its rules decide how long a copy takes. */
let upstream: FaultProxy;
/** Before the target, for load. */
let local: FaultProxy;
const images: Image[] = [];
let bundle: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ess-airgap-end-'));
  [source, target] = await Promise.all([startRegistry(), startRegistry()]);
  [upstream, local] = await Promise.all([
    startFaultProxy({ target: source.url }),
    startFaultProxy({ target: target.url }),
  ]);
  for (let n = 0; n < COUNT; n++) {
    const image = makeImage({
      name: `end ${n}`,
      architectures: ['amd64'],
      layers: [{ seed: `end ${n}`, size: 3000 }],
    });
    images.push(image);
    await pushImage(source.server, `end/${n}`, 'v1', image);
  }
  bundle = join(directory, 'bundle');
  const made = await start(`ess-airgap bundle --output '${bundle}'`, project()).ended;
  expect(made).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await Promise.all([upstream?.stop(), local?.stop()]);
  await Promise.all([source?.stop(), target?.stop()]);
  rmSync(directory, { recursive: true, force: true });
});

/** A folder with a configuration whose logins are in the environment, and a folder for what a run leaves. */
function project(): string {
  const cwd = mkdtempSync(join(directory, 'run-'));
  const files: Record<string, string> = {
    'images_digests.yml': digestsFileOf(
      Object.fromEntries(
        images.map(({ digest }, n) => [`end/c${n}`, `${upstream.server}/end/${n}:v1@${digest}`]),
      ),
    ),
    'airgap.yaml': `apiVersion: ess-airgap/v1
registry: { server: "${local.server}" }
mirror:
  image: "x.example/skopeo@sha256:${'a'.repeat(64)}"
  insecure: ["${upstream.server}", "${local.server}"]
  auth: [{ server: "${local.server}", source: env, usernameEnv: PUSH_USERNAME, passwordEnv: PUSH_PASSWORD }]
`,
    'tmp/.keep': '',
  };
  mkdirSync(join(cwd, 'tmp'));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(cwd, path), text);
  return cwd;
}

/** A plan file of mirror.sh for the same images. */
function plan(cwd: string): string {
  const path = join(cwd, 'images.plan');
  const lines = images.map(
    ({ digest }, n) =>
      `${digest} ${upstream.server}/end/${n}:v1 ${local.server}/end/${n}:v1 - - - end/c${n}\n`,
  );
  writeFileSync(path, lines.join(''));
  return path;
}

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Runs a shell command line in bash, which has PIPESTATUS; `ess-airgap` in it is the built binary. */
function start(
  line: string,
  cwd: string,
  extra: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const run = line.replace(/ess-airgap (?=mirror|load|bundle)/, `'${process.execPath}' '${BINARY}' `);
  const child = spawn('bash', ['-c', run], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: cwd,
      TMPDIR: join(cwd, 'tmp'),
      PUSH_USERNAME: 'pusher',
      PUSH_PASSWORD: 'fake-push-password',
      ESS_AIRGAP_INSECURE: `${upstream.server} ${local.server}`,
      ...extra,
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ended };
}

/** Processes whose working directory is the test's: all that a run starts inherits it. */
function processesIn(cwd: string): number[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      const [environment, state] = [
        readFileSync(`/proc/${pid}/environ`, 'utf8'),
        readFileSync(`/proc/${pid}/stat`, 'utf8'),
      ];
      return /^\d+$/.test(pid) && environment.includes(`HOME=${cwd}\0`) && !/\) Z /.test(state)
        ? [Number(pid)]
        : [];
    } catch {
      return [];
    }
  });
}

async function expectNothingLeft(cwd: string, within = 2000): Promise<void> {
  const left = () => ({ files: readdirSync(join(cwd, 'tmp')), processes: processesIn(cwd) });
  for (let waited = 0; waited < within && JSON.stringify(left()) !== JSON.stringify(nothing); waited += 100)
    await sleep(100);
  expect(left()).toEqual(nothing);
}
const nothing = { files: ['.keep'], processes: [] };

function emptyTarget(): void {
  rmSync(join(target.storageDir, 'docker'), { recursive: true, force: true });
}

/** The blobs of every image but the first take longer than any test. */
function slow(): void {
  emptyTarget();
  marks = [upstream.requests.length, local.requests.length];
  const fault = { delayMs: 600_000 };
  upstream.setRules([{ match: { path: /\/end\/[1-9]\/blobs\// }, fault }]);
  local.setRules([{ match: { path: /\/end\/[1-9]\/blobs\// }, fault }]);
}
function fast(): void {
  emptyTarget();
  upstream.setRules([]);
  local.setRules([]);
}
async function copying(): Promise<void> {
  const waits = ({ path, fault }: { path: string; fault?: object }) => fault && path.includes('/blobs/');
  const seen = () =>
    upstream.requests.slice(marks[0]).some(waits) || local.requests.slice(marks[1]).some(waits);
  for (let waited = 0; waited < 20_000 && !seen(); waited += 50) await sleep(50);
  expect(seen()).toBe(true);
}
let marks = [0, 0];

const commands: [name: string, line: () => string][] = [
  ['mirror', () => 'exec ess-airgap mirror'],
  ['load', () => `exec ess-airgap load '${bundle}'`],
];

describe.each(commands)('ess-airgap %s', (_, line) => {
  const unexec = () => line().replace('exec ', '');

  test('a reader that goes away: 141', async () => {
    fast();
    const cwd = project();
    const { ended } = start(`${unexec()} | head -n 1; echo "\${PIPESTATUS[0]}" >&2`, cwd);
    const run = await ended;
    expect(run.stdout.split('\n')).toHaveLength(2);
    expect(run.stderr).toBe('141\n');
    await expectNothingLeft(cwd);
  });

  test('a full disk under standard output: 2, and it says so', async () => {
    fast();
    const cwd = project();
    const run = await start(`${line()} >/dev/full`, cwd).ended;
    expect(run).toMatchObject({ code: 2, stderr: 'error: ENOSPC: no space left on device, write\n' });
    await expectNothingLeft(cwd);
  });

  test('a full disk under standard error: nothing is lost but the progress', async () => {
    fast();
    const cwd = project();
    const run = await start(`${line()} 2>/dev/full`, cwd).ended;
    expect(run.code).toBe(0);
    expect(run.stdout).toContain(`${COUNT} images: ${COUNT} copied`);
    await expectNothingLeft(cwd);
  });

  test.each([
    ['SIGHUP', { signal: 'SIGHUP' }],
    ['SIGINT', { signal: 'SIGINT' }],
    ['SIGTERM', { signal: 'SIGTERM' }],
    ['SIGQUIT', { code: 131 }],
    ['SIGUSR1', { code: 138 }],
    ['SIGUSR2', { code: 140 }],
    ['SIGXCPU', { code: 152 }],
  ] as const)('%s', async (signal, expected) => {
    slow();
    const cwd = project();
    const { child, ended } = start(line(), cwd);
    await copying();
    child.kill(signal);
    expect(await ended).toMatchObject(expected);
    await expectNothingLeft(cwd);
  });

  test('SIGKILL, of which a process does not hear', async () => {
    slow();
    const cwd = project();
    const { child, ended } = start(line(), cwd);
    await copying();
    child.kill('SIGKILL');
    expect(await ended).toMatchObject({ signal: 'SIGKILL' });
    await expectNothingLeft(cwd, 10_000);
  });

  test('an error that nobody caught: 2', async () => {
    slow();
    const cwd = project();
    writeFileSync(
      join(cwd, 'fault.cjs'),
      "process.on('SIGCONT', () => { throw new Error('by the test'); });",
    );
    const { child, ended } = start(line(), cwd, { NODE_OPTIONS: `--require=${join(cwd, 'fault.cjs')}` });
    await copying();
    child.kill('SIGCONT');
    expect(await ended).toMatchObject({ code: 2, stderr: expect.stringContaining('by the test') });
    await expectNothingLeft(cwd);
  });
});

const scripts: [name: string, line: (cwd: string) => string][] = [
  ['mirror.sh', (cwd) => `'${resolve('lib/mirror/mirror.sh')}' '${plan(cwd)}'`],
  ['load.sh', () => `'${bundle}/load.sh'`],
];
describe.each(scripts)('%s', (name, line) => {
  describe.each(['dash', 'bash --posix', 'busybox sh'])('%s', (shell) => {
    test('a reader that goes away: 1', async () => {
      fast();
      const cwd = project();
      const { ended } = start(`${shell} ${line(cwd)} 2>log | head -n 1; echo "\${PIPESTATUS[0]}" >&2`, cwd);
      const run = await ended;
      expect(run.stdout.split('\n')).toHaveLength(2);
      expect(run.stderr).toBe('1\n');
      expect(readFileSync(join(cwd, 'log'), 'utf8')).toContain('the report cannot be written');
      await expectNothingLeft(cwd);
    });

    test('a full disk under standard output: 1', async () => {
      fast();
      const cwd = project();
      const run = await start(`exec ${shell} ${line(cwd)} >/dev/full`, cwd).ended;
      expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('the report cannot be written') });
      await expectNothingLeft(cwd);
    });

    test('nobody reads the progress', async () => {
      fast();
      const cwd = project();
      const run = await start(`exec ${shell} ${line(cwd)} 2>/dev/full`, cwd).ended;
      expect(run.code).toBe(0);
      expect(JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
        expected: COUNT,
        copied: COUNT,
      });
      await expectNothingLeft(cwd);
    });

    const signals = ['SIGHUP', 'SIGTERM', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;
    test.each(shell === 'dash' ? signals : signals.slice(0, 2))('%s', async (signal) => {
      slow();
      const cwd = project();
      const { child, ended } = start(`exec ${shell} ${line(cwd)}`, cwd);
      await copying();
      child.kill(signal);
      const run = await ended;
      expect(run.code).toBeGreaterThan(0);
      if (name === 'mirror.sh') {
        expect(run.code).toBe(1);
        const summary = JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '');
        expect(summary.expected).toBe(COUNT);
        expect(summary.copied + summary.skipped + summary.failed).toBe(COUNT);
      }
      await expectNothingLeft(cwd);
    });
  });
});

describe.each(['dash', 'bash --posix', 'busybox sh'])('mirror.sh, %s', (shell) => {
  test('a worker is killed while it has the turn', async () => {
    fast();
    const cwd = project();
    // The pipe is full, so the first that has something to report waits, and has the turn as long as it does.
    const full = `{ head -c 65536 /dev/zero; exec ${shell} '${resolve('lib/mirror/mirror.sh')}' '${plan(cwd)}'; }`;
    const { ended } = start(`${full} 2>log | { sleep 6; cat >report; }; echo "\${PIPESTATUS[0]}"`, cwd);
    const writing = () => processesIn(cwd).find(isWriting);
    for (let waited = 0; waited < 5000 && !writing(); waited += 50) await sleep(50);
    process.kill(writing() as number, 'SIGKILL');
    const run = await ended;
    expect(run).toMatchObject({ code: 0, stdout: '1\n' });
    const report = readFileSync(join(cwd, 'report'), 'utf8')
      .replaceAll('\0', '')
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(report.at(-1).expected).toBe(COUNT);
    expect(report.at(-1).failed).toBeGreaterThan(0);
    await expectNothingLeft(cwd);
  });

  test('it is killed itself: its workers and their skopeo end, and its folder goes', async () => {
    slow();
    const cwd = project();
    const { child, ended } = start(`exec ${shell} '${resolve('lib/mirror/mirror.sh')}' '${plan(cwd)}'`, cwd);
    await copying();
    child.kill('SIGKILL');
    await ended;
    await expectNothingLeft(cwd, 15_000);
  });
});

/** Whether a process waits in a write to standard output. */
function isWriting(pid: number): boolean {
  try {
    return /^1 0x1 /.test(readFileSync(`/proc/${pid}/syscall`, 'utf8'));
  } catch {
    return false;
  }
}
