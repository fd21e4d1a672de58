// Registries that misbehave, each misbehaviour at each stage of a question, against our registry client with time limits
// that are a sixtieth of the real ones; then, with the real limits, against `ess-airgap verify` as a process. Prints a
// table in Markdown; exits with 1 if a case hangs, says something that it should not, or needs more memory than allowed. The
// servers run in a process of their own.
//
//   sh bench/robustness/run.sh registries [--verbose] [--client-only]
import { fork, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { printable } from '../../lib/input/quote.ts';
import { DEFAULT_LIMITS } from '../../lib/registry/limits.ts';
import { mapBounded } from '../../lib/registry/map-bounded.ts';
import {
  DIGEST,
  faultsOf,
  type HostileRegistry,
  LOGIN,
  MISBEHAVIOURS,
  meet,
  STAGES,
  type Stage,
  startHostileRegistry,
} from '../../test/support/hostile-registry.ts';

const LIMITS = { request: 1000, question: 2000, firstPause: 5, bytesPerSecond: 1_000_000 };
const CLIENTS_AT_ONCE = 6;
const PROCESSES_AT_ONCE = 12;
/** The stages that `verify` comes to. */
const PROCESS_STAGES: readonly Stage[] = ['token', 'manifest'];
/** Of a process that asks one question, and of the one that asks several at once. */
const MEGABYTES = 300;
const CLIENTS_MEGABYTES = 400;
/** The time of a question, and for starting and ending on a machine with other work. */
const SECONDS = DEFAULT_LIMITS.question / 1000 + 30;

interface Start {
  readonly id: number;
  readonly stage: Stage;
  readonly name: string;
}

interface Result {
  readonly stage: Stage;
  readonly name: string;
  readonly seconds: number;
  readonly said: string;
  readonly faults: readonly string[];
  readonly failed: boolean;
}

function serve(): void {
  const registries = new Map<number, HostileRegistry>();
  process.on('message', async ({ id, stage, name }: Start) => {
    registries.get(id)?.stop();
    const misbehave = MISBEHAVIOURS[name];
    if (!misbehave) return;
    const registry = await startHostileRegistry(stage, misbehave);
    registries.set(id, registry);
    process.send?.({ id, server: registry.server });
  });
  process.on('disconnect', () => process.exit());
}

async function run(): Promise<void> {
  const servers = fork(process.argv[1] ?? '', [], { serialization: 'json' });
  const waiting = new Map<number, (server: string) => void>();
  servers.on('message', ({ id, server }: { id: number; server: string }) => waiting.get(id)?.(server));
  let last = 0;
  const withServer = async <T>(
    stage: Stage,
    name: string,
    work: (server: string) => Promise<T>,
  ): Promise<T> => {
    const id = last++;
    const server = await new Promise<string>((resolve) => {
      waiting.set(id, resolve);
      servers.send({ id, stage, name });
    });
    try {
      return await work(server);
    } finally {
      servers.send({ id });
    }
  };
  const cases = (stages: readonly Stage[]) =>
    stages.flatMap((stage) => Object.keys(MISBEHAVIOURS).map((name) => ({ stage, name })));

  const clients = await mapBounded(cases(STAGES), CLIENTS_AT_ONCE, ({ stage, name }) =>
    withServer(stage, name, async (server): Promise<Result> => {
      const encounter = await meet(stage, server, LIMITS);
      const faults = faultsOf(encounter, LIMITS);
      const { milliseconds, error, said } = encounter;
      return {
        stage,
        name,
        seconds: milliseconds / 1000,
        said: start(said),
        faults,
        failed: error !== undefined,
      };
    }),
  );
  const clientMemory = process.resourceUsage().maxRSS / 1000;
  console.log(HEAD);
  console.log(row('client, limits of 1 s and 2 s', clients, clientMemory));
  let broken = show(clients) + (clientMemory > CLIENTS_MEGABYTES ? 1 : 0);

  if (!process.argv.includes('--client-only')) {
    let most = 0;
    const processes = await mapBounded(cases(PROCESS_STAGES), PROCESSES_AT_ONCE, ({ stage, name }) =>
      withServer(stage, name, async (server) => {
        const { megabytes, ...result } = await verify(server);
        most = Math.max(most, megabytes);
        return { stage, name, ...result };
      }),
    );
    console.log(row('`verify` as a process', processes, most));
    broken += show(processes);
  }
  servers.disconnect();
  console.log(
    broken === 0 ? '\nNo bound and no promise was broken.' : `\n${broken} cases broke a bound or a promise.`,
  );
  if (broken > 0) process.exitCode = 1;
}

/** Of the table. */
const HEAD = '| against | cases | ended in an error | slowest | most memory |\n|---|---|---|---|---|';

function row(what: string, results: readonly Result[], megabytes: number): string {
  const failed = results.filter((it) => it.failed).length;
  const slowest = Math.max(...results.map(({ seconds }) => seconds));
  return `| ${what} | ${results.length} | ${failed} | ${slowest.toFixed(1)} s | ${Math.round(megabytes)} MB |`;
}

/** The start of a text, as a copy: a slice would keep all of it in memory. */
function start(text: string): string {
  return Buffer.from(text.slice(0, 300)).toString();
}

/** Prints the bad ones, with --verbose all, to standard error. */
function show(results: readonly Result[]): number {
  const bad = results.filter(({ faults }) => faults.length > 0);
  for (const { stage, name, seconds, said, faults } of process.argv.includes('--verbose') ? results : bad) {
    console.error(
      `${faults.length > 0 ? 'BAD ' : ''}${stage}: ${name}: ${seconds.toFixed(2)} s: ${faults.join(', ')}: ${said}`,
    );
  }
  return bad.length;
}

/** Runs the built binary against a server, with its real limits. */
async function verify(server: string): Promise<Omit<Result, 'stage' | 'name'> & { megabytes: number }> {
  const cwd = mkdtempSync(join(tmpdir(), 'ess-airgap-registries-'));
  writeFileSync(
    join(cwd, 'images_digests.yml'),
    `synapse:\n  redis:\n    image_repository_server: ${server}\n    image_repository_path: library/redis\n    image_tag: "7"\n    image_digest: ${DIGEST.replaceAll('a', 'b').replace('shb', 'sha')}\n`,
  );
  writeFileSync(
    join(cwd, 'airgap.yaml'),
    `apiVersion: ess-airgap/v1\nnamespace: ess\nregistry: { server: "${server}", path: ess }\nmirror: { image: "${server}/skopeo:1@${DIGEST}", insecure: ["${server}"] }\n`,
  );
  const auth = Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64');
  writeFileSync(join(cwd, 'auth.json'), JSON.stringify({ auths: { [server]: { auth } } }));
  const started = performance.now();
  const child = spawn(process.execPath, [resolve('build/ess-airgap.cjs'), 'verify'], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, REGISTRY_AUTH_FILE: join(cwd, 'auth.json') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let megabytes = 0;
  const watch = setInterval(() => {
    try {
      const [, kilobytes] = /VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      megabytes = Math.max(megabytes, Number(kilobytes ?? 0) / 1000);
    } catch {
      // It has ended.
    }
  }, 20);
  const end = setTimeout(() => child.kill('SIGKILL'), 2 * SECONDS * 1000);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(watch);
  clearTimeout(end);
  rmSync(cwd, { recursive: true, force: true });
  const seconds = (performance.now() - started) / 1000;
  const faults = [
    ...(status === null || status > 2 ? [`ended with ${status}`] : []),
    ...(seconds > SECONDS ? [`took ${Math.round(seconds)} s`] : []),
    ...(megabytes > MEGABYTES ? [`took ${Math.round(megabytes)} MB`] : []),
    ...(/fault of ess-airgap|^\s+at /m.test(said) ? ['reports a fault of its own'] : []),
    ...(printable(said.replaceAll('\n', '')) === said.replaceAll('\n', '')
      ? []
      : ['says what steers a terminal']),
    ...(said.includes(LOGIN.password) || said.includes(auth) ? ['repeats the login'] : []),
    ...(said.length > 5000 ? [`says ${said.length} characters`] : []),
  ];
  return { seconds, said: start(said).replaceAll('\n', ' '), faults, failed: status === 2, megabytes };
}

if (process.send) serve();
else await run();
