// Our registry client against registries that misbehave: each misbehaviour at each stage of a question. The time limits
// are a sixtieth of the real ones. Prints the figures; exits with 1 if a case hangs, says something that it should not, or the
// process of the client grows beyond its bound. The servers run in a process of their own.
//
//   sh bench/robustness/registries.sh [--verbose]
import { fork } from 'node:child_process';
import { mapBounded } from '../../lib/registry/map-bounded.ts';
import {
  faultsOf,
  type HostileRegistry,
  MISBEHAVIOURS,
  meet,
  STAGES,
  type Stage,
  startHostileRegistry,
} from '../../test/support/hostile-registry.ts';

const LIMITS = { request: 1000, question: 2000, firstPause: 5, bytesPerSecond: 1_000_000 };
const AT_ONCE = 6;
/** Of the client's whole process, with so many questions at once. */
const MEMORY = 300e6;

interface Start {
  readonly id: number;
  readonly stage: Stage;
  readonly name: string;
}

if (process.send) serve();
else await run();

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
  const start = (message: Start): Promise<string> =>
    new Promise((resolve) => {
      waiting.set(message.id, resolve);
      servers.send(message);
    });

  const started = performance.now();
  const cases = STAGES.flatMap((stage) => Object.keys(MISBEHAVIOURS).map((name) => ({ stage, name })));
  const results = await mapBounded([...cases.entries()], AT_ONCE, async ([id, { stage, name }]) => {
    const encounter = await meet(stage, await start({ id, stage, name }), LIMITS);
    servers.send({ id });
    if (process.argv.includes('--verbose')) {
      const { milliseconds, said } = encounter;
      console.log(`${stage}: ${name}: ${Math.round(milliseconds)} ms: ${said.slice(0, 200)}`);
    }
    const faults = faultsOf(encounter, LIMITS);
    // The whole results of a thousand cases are not the client's memory.
    return { stage, name, faults, ...encounter, said: encounter.said.slice(0, 300) };
  });
  servers.disconnect();

  const bad = results.filter(({ faults }) => faults.length > 0);
  for (const { stage, name, faults, said } of bad) {
    console.log(`BAD ${stage}: ${name}: ${faults.join(', ')}: ${said}`);
  }
  const errors = results.filter(({ error }) => error !== undefined).length;
  const slowest = Math.max(...results.map(({ milliseconds }) => milliseconds));
  const memory = process.resourceUsage().maxRSS * 1024;
  console.log(
    `${results.length} cases: ${errors} ended in an error, ${results.length - errors} in a result, ${bad.length} bad`,
  );
  console.log(
    `slowest: ${Math.round(slowest)} ms; a question may take ${LIMITS.question} ms; ${AT_ONCE} at once`,
  );
  console.log(`memory: ${Math.round(memory / 1e6)} MB of ${MEMORY / 1e6} MB`);
  console.log(`${Math.round((performance.now() - started) / 1000)} s in all`);
  if (bad.length > 0 || memory > MEMORY) process.exitCode = 1;
}
