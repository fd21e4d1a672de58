// What starting ess-airgap costs, beside a node that does nothing: the processor time (user and system) of whole
// processes, run in turn, as ratios within a turn.
//
//   npm ci && node bench/startup.mjs > bench/startup.md
//
// With the executable that scripts/executable.sh builds, if release/ has it.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const RUNS = 25;
const dir = mkdtempSync(join(tmpdir(), 'ess-airgap-bench-'));
const config = join(dir, 'airgap.yaml');
writeFileSync(
  config,
  `apiVersion: ess-airgap/v1\ndigests: ${resolve('test/fixtures/images_digests.full.yml')}\nregistry: { server: localregistry.local, path: elementdeployment }\n`,
);
// What every such tool has to load, and nothing of ours.
const libraries = join(dir, 'libraries.cjs');
writeFileSync(
  join(dir, 'libraries.mjs'),
  "import { Command } from 'commander';\nimport { load } from 'js-yaml';\nimport * as z from 'zod/mini';\n" +
    "new Command('x').parse(['node', 'x']);\nz.parse(z.strictObject({ a: z.string() }), load('a: b'));\n",
);
execFileSync(
  'node_modules/.bin/esbuild',
  `${dir}/libraries.mjs --bundle --platform=node --format=cjs --minify-syntax --minify-whitespace --outfile=${libraries} --log-level=error`.split(
    ' ',
  ),
  { env: { ...process.env, NODE_PATH: resolve('node_modules') } },
);

/** The processor time of a command in milliseconds: `times` of bash has that of its children in the second line. */
function measure(command) {
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['-c', '"$@" >/dev/null || exit; times', 'bash', ...command],
    {
      encoding: 'utf8',
      // Node reads these certificates at each start, ours and the peer's: the ratio would look better than it is.
      env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined, NODE_COMPILE_CACHE: undefined },
    },
  );
  if (status !== 0) throw new Error(`${command.join(' ')} failed:\n${stderr}`);
  const [, children = ''] = stdout.trim().split('\n');
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)]
    .map(([, minutes, seconds]) => (Number(minutes) * 60 + Number(seconds)) * 1000)
    .reduce((sum, value) => sum + value);
}
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const ours = [process.execPath, 'build/ess-airgap.cjs'];
const executable = 'release/ess-airgap-linux-x64';
const plan = ['plan', '--config', config];
const commands = {
  '`node -e 0`': [process.execPath, '-e', '0'],
  'its libraries alone: commander, js-yaml, zod/mini': [process.execPath, libraries],
  '`ess-airgap --version`': [...ours, '--version'],
  '`ess-airgap --help`': [...ours, '--help'],
  '`ess-airgap plan`': [...ours, ...plan],
  '`ess-airgap lint`': [...ours, 'lint', '--config', config],
  '`ess-airgap report`': [...ours, 'report', '--config', config],
  ...(existsSync(executable) && {
    'the executable `--help`': [executable, '--help'],
    'the executable `plan`': [executable, ...plan],
  }),
};
const turns = Array.from({ length: RUNS }, () => Object.values(commands).map(measure));
const rows = Object.keys(commands).map((name, index) => {
  const ratio = median(turns.map((turn) => turn[index] / turn[0])).toFixed(2);
  return `| ${name} | ${median(turns.map((turn) => turn[index])).toFixed(0)} ms | ${ratio} |`;
});
rmSync(dir, { recursive: true });
console.log(`# What starting the command line costs

Processor time (user and system) of whole processes: medians of ${RUNS} turns, in each of which every command runs once; the
release has 52 containers; Node ${process.version}.

    npm ci && node bench/startup.mjs > bench/startup.md

| | processor time | ratio |
|---|---|---|
${rows.join('\n')}`);
