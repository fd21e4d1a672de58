// A run with nothing to do: 1,000 images that are in the target already. Seconds on the clock, and of the processor, beside
// those of a skopeo that only prints its version as often: what no script can be below that asks skopeo for each image.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeImage, pushImage } from '../../test/support/images.ts';
import { startRegistry } from '../../test/support/registry.ts';
import { distant } from './distant.ts';

const IMAGES = 1000;
const DISTANCE = 40;
const ROUNDS = 1;

const directory = mkdtempSync(join(tmpdir(), 'ess-airgap-nothing-'));
const registry = await startRegistry();
const source = await distant(registry.server, DISTANCE);
const image = makeImage({ name: 'nothing', layers: [{ seed: 'nothing', size: 2000 }] });
for (let n = 0; n < IMAGES; n++) await pushImage(registry.server, `nothing/${n}`, 'v1', image);
const lines = Array.from(
  { length: IMAGES },
  (_, n) =>
    `${image.digest} ${source.server}/nothing/${n}:v1 ${registry.server}/nothing/${n}:v1 - - - c${n}/x\n`,
);
writeFileSync(join(directory, 'images.plan'), lines.join(''));
mkdirSync(join(directory, 'home'));

interface Cost {
  readonly seconds: number;
  readonly processor: number;
}

/** What a shell command costs; `times` of the shell has the processor time of its children. */
function cost(command: string): Cost {
  const started = performance.now();
  const run = spawnSync('bash', ['-c', `${command} >/dev/null 2>&1 || exit 1; times`], {
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      HOME: join(directory, 'home'),
      TMPDIR: directory,
      ESS_AIRGAP_INSECURE: `${source.server} ${registry.server}`,
    },
  });
  if (run.status !== 0) throw new Error(`${command}: exit code ${run.status}`);
  const seconds = (performance.now() - started) / 1000;
  const times = [...run.stdout.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, rest]) => Number(minutes) * 60 + Number(rest),
  );
  return { seconds, processor: times.reduce((sum, value) => sum + value, 0) };
}

const mirror = `sh ${resolve('lib/mirror/mirror.sh')} ${join(directory, 'images.plan')}`;
const floor = `for n in $(seq ${IMAGES}); do skopeo --version; done`;
const rounds = Array.from({ length: ROUNDS }, () => ({ mirror: cost(mirror), floor: cost(floor) }));
registry.stop();
source.stop();
rmSync(directory, { recursive: true, force: true });

const median = (values: readonly number[]): string =>
  (values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number).toFixed(1);
const row = (name: string, costs: readonly Cost[]): string =>
  `| ${name} | ${median(costs.map(({ seconds }) => seconds))} s | ${median(costs.map(({ processor }) => processor))} s |`;
const version = spawnSync('skopeo', ['--version'], { encoding: 'utf8' }).stdout.trim();
console.log(`# A run with nothing to do

\`sh bench/mirror/run.sh nothing > bench/mirror/nothing.md\`

${IMAGES} images that are in the target already, 4 at once, the source ${DISTANCE} ms away, on ${cpus().length} cores that the registry shares; ${version}; the median of
${ROUNDS} rounds, in turn. The second row is skopeo printing its version ${IMAGES} times: the start of its processes alone.

| what | time | processor time |
|---|---|---|
${row(
  'ess-airgap mirror.sh',
  rounds.map((it) => it.mirror),
)}
${row(
  'skopeo --version',
  rounds.map((it) => it.floor),
)}
`);
