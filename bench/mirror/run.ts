// Cold runs and runs with nothing to do: 44 images of two platforms each, with shared layers, between two registries on
// loopback. Each tool fills a registry of its own. In every round the tools take turns, each time in another order, and
// are compared within the round: what else the machine does meets all of them. All of it with small layers, where the
// processes and the requests count, with larger ones, where the bytes do, and with a source that is not next door.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { makeImage, pushImage } from '../../test/support/images.ts';
import { manifestDigest, type Registry, startRegistry } from '../../test/support/registry.ts';
import { distant } from './distant.ts';

const IMAGES = 44;
const PARALLEL = 4;

interface Scenario {
  /** How large the layers are, as a multiple of the small ones. */
  scale: number;
  /** Milliseconds to the source and back. */
  distance: number;
  rounds: number;
}
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const SCENARIOS: Readonly<Record<string, Scenario & { text: string }>> = {
  small: {
    scale: 1,
    distance: 0,
    rounds: ROUNDS,
    text: 'With small layers, about 5 MB a platform, where processes and requests count',
  },
  large: {
    scale: 8,
    distance: 0,
    rounds: ROUNDS,
    text: 'With layers 8 times as large, about 38 MB a platform, where the bytes count',
  },
  'small-distant': {
    scale: 1,
    distance: 40,
    rounds: ROUNDS,
    text: 'With small layers and a source that is 40 ms away and back, as one on the internet may be',
  },
  distant: {
    scale: 4,
    distance: 40,
    rounds: ROUNDS,
    text: 'With the same source and layers 4 times as large',
  },
};

const directory = mkdtempSync(join(tmpdir(), 'ess-airgap-bench-'));

interface Published {
  repository: string;
  digest: string;
}
/** What the tools copy from; the registry counts the requests. */
let source: { server: string; registry: Registry; stop(): unknown };
let images: Published[];

/** Fills a new source registry. */
async function publish({ scale, distance }: Scenario): Promise<void> {
  const registry = await startRegistry();
  images = [];
  for (let n = 0; n < IMAGES; n++) await publishImage(registry.server, n, scale);
  if (distance === 0) {
    source = { server: registry.server, registry, stop: () => registry.stop() };
    return;
  }
  const proxy = await distant(registry.server, distance);
  source = { server: proxy.server, registry, stop: () => Promise.all([proxy.stop(), registry.stop()]) };
}

async function publishImage(server: string, n: number, scale: number): Promise<void> {
  // As in a release: a few bases, each shared by several images, and layers of an image's own.
  const image = makeImage({
    name: `bench ${n}`,
    layers: [
      { seed: `base ${n % 5}`, size: 3_000_000 * scale, perArchitecture: true },
      { seed: `runtime ${n % 11}`, size: 1_000_000 * scale, perArchitecture: true },
      { seed: `application ${n}`, size: 500_000 * scale },
      { seed: `binary ${n}`, size: 300_000 * scale, perArchitecture: true },
    ],
  });
  const repository = `bench/${['synapse', 'web', 'hookshot', 'sydent'][n % 4]}-${n}`;
  await pushImage(server, repository, 'v1', image);
  images.push({ repository, digest: image.digest });
}

/** A tool: the command line that fills a target, from files that it may write into a folder of its own. */
interface Tool {
  name: string;
  needs: string;
  command(target: string, folder: string): string;
}

const insecure = '--src-tls-verify=false --dest-tls-verify=false';
const tools: Tool[] = [
  {
    name: 'ess-airgap mirror.sh',
    needs: 'skopeo',
    command: (target, folder) => {
      const plan = images.map(
        ({ repository, digest }, n) =>
          `${digest} ${source.server}/${repository}:v1 ${target}/${repository}:v1 - - - c${n}/x\n`,
      );
      writeFileSync(join(folder, 'images.plan'), plan.join(''));
      return `ESS_AIRGAP_PARALLEL=${PARALLEL} ESS_AIRGAP_INSECURE='${source.server} ${target}' sh ${resolve('lib/mirror/mirror.sh')} images.plan`;
    },
  },
  {
    name: 'skopeo copy, a loop',
    needs: 'skopeo',
    command: (target) =>
      images
        .map(
          ({ repository, digest }) =>
            `skopeo copy --quiet --all --preserve-digests ${insecure} docker://${source.server}/${repository}@${digest} docker://${target}/${repository}:v1`,
        )
        .join(' && '),
  },
  {
    name: 'skopeo sync',
    needs: 'skopeo',
    command: (target, folder) => {
      const list = images.map(({ repository }) => `    ${repository}: [v1]\n`);
      writeFileSync(
        join(folder, 'sync.yml'),
        `${source.server}:\n  tls-verify: false\n  images:\n${list.join('')}`,
      );
      // Without --scoped it drops the folder of a repository: the names stay distinct here.
      return `skopeo sync --all --preserve-digests ${insecure} --src yaml --dest docker sync.yml ${target}/bench`;
    },
  },
  {
    name: 'regsync once',
    needs: 'regsync',
    command: (target, folder) => {
      const creds = [source.server, target].map((server) => `  - { registry: "${server}", tls: disabled }\n`);
      const sync = images.map(
        ({ repository, digest }) =>
          `  - { source: "${source.server}/${repository}@${digest}", target: "${target}/${repository}:v1", type: image }\n`,
      );
      writeFileSync(
        join(folder, 'regsync.yml'),
        `version: 1\ncreds:\n${creds.join('')}defaults: { parallel: ${PARALLEL} }\nsync:\n${sync.join('')}`,
      );
      return 'regsync once --config regsync.yml';
    },
  },
  {
    name: `crane copy, ${PARALLEL} at once`,
    needs: 'crane',
    command: (target, folder) => {
      const list = images.map(
        ({ repository, digest }) => `${source.server}/${repository}@${digest} ${target}/${repository}:v1\n`,
      );
      writeFileSync(join(folder, 'images.txt'), list.join(''));
      return `xargs -P ${PARALLEL} -L 1 crane copy --insecure <images.txt`;
    },
  },
  {
    name: 'ocync sync',
    needs: 'ocync',
    command: (target, folder) => {
      const mappings = images.map(
        ({ repository }) => `  - { from: ${repository}, to: ${repository}, tags: { glob: v1 } }\n`,
      );
      writeFileSync(
        join(folder, 'ocync.yml'),
        `registries:\n  source: { url: "http://${source.server}", auth_type: anonymous }\n` +
          `  target: { url: "http://${target}", auth_type: anonymous }\n` +
          `defaults: { source: source, targets: target, artifacts: { enabled: false } }\nmappings:\n${mappings.join('')}`,
      );
      return 'ocync sync -c ocync.yml';
    },
  },
];
const wanted = new RegExp(process.env.TOOLS ?? '');
const present = tools.filter(
  ({ name, needs }) => wanted.test(name) && spawnSync('sh', ['-c', `command -v ${needs}`]).status === 0,
);

// skopeo as root keeps its cache below /var/lib, whatever HOME is: nobody runs as root here.
const nobody = process.getuid?.() === 0 ? ['--reuid=65532', '--regid=65532', '--clear-groups'] : [];

/** What one run costs. */
interface Cost {
  /** On the clock. */
  seconds: number;
  /** User and system, of all processes of the tool. */
  processor: number;
  /** MiB of the largest process. */
  memory: number;
  /** Requests that the registries answered. */
  source: number;
  target: number;
}

interface Costs {
  cold: Cost[];
  nothing: Cost[];
}

async function measure(scenario: Scenario): Promise<Record<string, Costs>> {
  const { scale, distance, rounds } = scenario;
  await publish(scenario);
  const costs: Record<string, Costs> = {};
  for (let round = 0; round < rounds; round++) {
    const turn = present.map((_, n) => present[(n + round) % present.length] as Tool);
    for (const { name, command } of turn) {
      const folder = join(directory, `${scale} ${distance} ${round} ${name}`.replace(/\W+/g, '-'));
      mkdirSync(join(folder, 'home'), { recursive: true });
      const target = await startRegistry();
      const line = command(target.server, folder);
      if (nobody.length > 0) execFileSync('chown', ['-R', '65532:65532', directory]);
      const cold = await run(name, line, folder, target);
      const nothing = await run(name, line, folder, target);
      for (const { repository, digest } of images) {
        const found = await manifestDigest(target.server, repository, 'v1');
        if (found !== digest) throw new Error(`${name}: ${repository} is ${found}`);
      }
      await target.stop();
      costs[name] ??= { cold: [], nothing: [] };
      costs[name].cold.push(cold);
      costs[name].nothing.push(nothing);
      console.error(
        `${scale}x, ${distance} ms, round ${round + 1}: ${name}: ${JSON.stringify({ cold, nothing })}`,
      );
    }
  }
  await source.stop();
  return costs;
}

async function run(name: string, line: string, folder: string, target: Registry): Promise<Cost> {
  const marks = [source.registry.mark(), target.mark()];
  const report = join(folder, 'time');
  const child = spawn(
    'setpriv',
    [...nobody, '/usr/bin/time', '-f', '%e %U %S %M', '-o', report, 'sh', '-c', line],
    {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH, HOME: join(folder, 'home'), XDG_DATA_HOME: join(folder, 'home/data') },
    },
  );
  const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  if (status !== 0) throw new Error(`${name}: exit code ${status}\n${stderr.slice(-2000)}`);
  const [seconds = 0, user = 0, system = 0, kib = 0] = readFileSync(report, 'utf8')
    .trim()
    .split(' ')
    .map(Number);
  return {
    seconds,
    processor: user + system,
    memory: kib / 1024,
    source: source.registry.accessLog(marks[0]).length,
    target: target.accessLog(marks[1]).length,
  };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

function table(costs: Record<string, Costs>): string {
  const own = costs['ess-airgap mirror.sh'] as Costs;
  const of = (list: readonly Cost[], key: keyof Cost) => median(list.map((cost) => cost[key]));
  const ratio = (theirs: readonly Cost[], ours: readonly Cost[], key: 'seconds' | 'processor') =>
    median(theirs.map((cost, round) => cost[key] / (ours[round] as Cost)[key])).toFixed(2);
  const rows = present.map(({ name }) => {
    const theirs = costs[name] as Costs;
    const cells = (list: readonly Cost[], ours: readonly Cost[]) => [
      `${of(list, 'seconds').toFixed(1)} s`,
      ratio(list, ours, 'seconds'),
      `${of(list, 'processor').toFixed(1)} s`,
      ratio(list, ours, 'processor'),
    ];
    return `| ${[
      name,
      ...cells(theirs.cold, own.cold),
      of(theirs.cold, 'source'),
      of(theirs.cold, 'target'),
      `${of(theirs.cold, 'memory').toFixed(0)} MiB`,
      ...cells(theirs.nothing, own.nothing),
    ].join(' | ')} |`;
  });
  return `| tool | cold | ratio | processor | ratio | requests to the source | to the target | memory | nothing to do | ratio | processor | ratio |
|---|---|---|---|---|---|---|---|---|---|---|---|
${rows.join('\n')}`;
}

const names = process.env.SCENARIOS?.split(' ') ?? Object.keys(SCENARIOS);
const tables: string[] = [];
for (const name of names) {
  const scenario = SCENARIOS[name];
  if (!scenario) throw new Error(`there is no scenario ${name}`);
  tables.push(`${scenario.text}; the median of ${ROUNDS} rounds:\n\n${table(await measure(scenario))}`);
}
rmSync(directory, { recursive: true, force: true });

const version = (command: string) =>
  spawnSync('sh', ['-c', command], { encoding: 'utf8' }).stdout.trim().split('\n')[0];
const settings = ['SCENARIOS', 'ROUNDS', 'TOOLS']
  .filter((name) => process.env[name])
  .map((name) => `${name}='${process.env[name]}' `)
  .join('');
console.log(`# The mirror beside its peers

\`${settings}TMPDIR=/dev/shm sh bench/mirror/run.sh > bench/mirror/results.md\`

${IMAGES} images of two platforms each with shared layers, between two registries on loopback, on ${cpus().length} cores that both
registries share; the registries keep their blobs in memory, because the disk is what differs most from run to run.
"Ratio" is the median of the ratios to the first row within a round, so below 1 is faster than us. "Processor" is the processor
time of the tool, "memory" its largest process.

${tables.join('\n\n')}

skopeo, and with it the mirror, remembers in which repository a layer is and has the registry mount it from there. regsync
and crane send a layer to every repository that needs it.

Versions: ${version('skopeo --version')}, regsync ${version("regsync version --format '{{.VCSTag}}' 2>/dev/null") || '-'}, crane ${version('crane version 2>/dev/null') || '-'}, ocync ${version('ocync --version 2>/dev/null') || '-'}.
`);
