import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BINARY } from './cli.ts';
import { type HostileInput, PLANTED } from './hostile-inputs.ts';

/** What one run cost and what is wrong with how it ended. */
export interface BoundedRun {
  readonly status: number | null;
  /** Processor time: what the run takes on a machine that has nothing else to do, and no clock of a busy one. */
  readonly seconds: number;
  /** The most memory that the process had, in MB. */
  readonly megabytes: number;
  /** Characters on standard error. */
  readonly written: number;
  /** Each bound or promise that it broke, in words; not the time, which tests do not measure. */
  readonly broken: readonly string[];
}

/** What the tool promises for any input, on two cores. */
export const BOUNDS = { seconds: 2, megabytes: 300, written: 250_000 } as const;

/** Characters that steer a terminal or hide from a reader, but for the line break. */
const STEERING = /[^\P{Cc}\n\r]|[\p{Cf}\p{Zl}\p{Zp}]/u;

/** Loaded into the process: writes what it used when it ends. */
const PROBE = `process.on('exit', () =>
  require('node:fs').writeFileSync(process.env.ESS_PROBE, JSON.stringify(process.resourceUsage())));
`;

/** Runs the built binary over an input in a folder of its own and checks what is promised for every input. */
export function runBounded({ files, args, env }: HostileInput): BoundedRun {
  const dir = mkdtempSync(join(tmpdir(), 'ess-airgap-hostile-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content);
    const probe = join(dir, 'probe.cjs');
    writeFileSync(probe, PROBE);
    const { status, stdout, stderr, error } = spawnSync(
      process.execPath,
      ['--require', probe, BINARY, ...args],
      {
        cwd: dir,
        encoding: 'utf8',
        input: '',
        timeout: 30_000,
        maxBuffer: 256 * 1024 * 1024,
        env: { PATH: process.env.PATH, HOME: dir, ...env, ESS_PROBE: join(dir, 'usage') },
      },
    );
    const usage = error || status === null ? undefined : JSON.parse(readFileSync(join(dir, 'usage'), 'utf8'));
    const seconds = usage ? (usage.userCPUTime + usage.systemCPUTime) / 1e6 : Number.NaN;
    const megabytes = usage ? usage.maxRSS / 1024 : Number.NaN;
    const broken = [
      ...(error ? [`did not end: ${error.message}`] : []),
      ...(status === null || ![0, 1, 2].includes(status) ? [`exit code ${status}`] : []),
      ...(megabytes > BOUNDS.megabytes ? [`${megabytes.toFixed()} MB`] : []),
      ...(status === 2 && stdout.length > 1_000_000 ? [`${stdout.length} characters of findings`] : []),
      ...(stderr.length > BOUNDS.written ? [`${stderr.length} characters of messages`] : []),
      ...(/bug in ess-airgap|^\s+at .*:\d+:\d+\)?$/m.test(stderr) ? ['a fault or stack trace'] : []),
      ...(status === 2 && stderr + stdout === '' ? ['no message'] : []),
      ...(STEERING.test(stderr) || (args[0] !== 'report' && STEERING.test(stdout))
        ? ['characters that steer a terminal']
        : []),
      ...(stdout.includes(PLANTED) || stderr.includes(PLANTED) ? ['the planted password is printed'] : []),
    ];
    return { status, seconds, megabytes, written: stderr.length, broken };
  } catch (error) {
    // The system's own limits: an argument that no process can be given.
    if ((error as NodeJS.ErrnoException).code !== 'E2BIG') throw error;
    return { status: null, seconds: 0, megabytes: 0, written: 0, broken: [] };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
