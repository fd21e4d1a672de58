// What a synth costs, beside a trivial compiled cdk8s app: the processor time (user and system) of whole processes and all that
// they start, run in turn, as ratios within a turn.
//
//   npm ci && npm run demo && node bench/synth.mjs > bench/synth.md
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const RUNS = 7;
const dir = mkdtempSync(join(tmpdir(), 'ess-airgap-bench-'));
const file = (name, text) => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
symlinkSync(resolve('node_modules'), join(dir, 'node_modules'));

const trivial = file(
  'trivial.cjs',
  `const { App, Chart, ApiObject } = require('cdk8s');
const app = new App();
new ApiObject(new Chart(app, 'chart'), 'config-map', { apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'b' } });
app.synth();
`,
);
file('cdk8s.yaml', `language: typescript\napp: node ${trivial}\n`);
const rss = file(
  'rss.cjs',
  "process.on('exit', () => require('node:fs').writeFileSync(process.env.BENCH_RSS, String(process.resourceUsage().maxRSS)));",
);

const credentials = Object.fromEntries(
  [...readFileSync('demo.env', 'utf8').matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [
    name,
    value,
  ]),
);
const sample = readFileSync('airgap.yaml', 'utf8');
const config = (name, digests, more = '') =>
  file(name, sample.replace('images_digests.yml', resolve(digests)) + more);
const full = config('full.yaml', 'test/fixtures/images_digests.full.yml');
const digest = `sha256:${'a'.repeat(64)}`;
const many = Array.from(
  { length: 5000 },
  (_, i) =>
    `  c${Math.floor(i / 4)}_${i % 4}:\n    x:\n      image_digest: ${digest}\n      image_repository_path: a/b${i}\n` +
    '      image_repository_server: docker.io\n      image_tag: v1\n',
);
// By tag: with 5,000 digests the override would pass the 1 MiB of a ConfigMap, which synth refuses.
const large = config('large.yaml', file('large.yml', `images_digests:\n${many.join('')}`), 'pin: tag\n');

/** Runs a command: its processor time in seconds, of which bash has that of its children in the second line of `times`. */
function measure({ command, cwd = '.', env = {} }) {
  const rssFile = join(dir, 'rss');
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['-c', '"$@" >/dev/null || exit; times', 'bash', ...command],
    {
      cwd,
      encoding: 'utf8',
      env: {
        ...process.env,
        ...credentials,
        CDK8S_OUTDIR: join(dir, 'out'),
        CDK8S_CHECK_UPGRADE: 'false',
        // Node reads these certificates at each start, ours and the peer's: the ratio would look better than it is.
        NODE_EXTRA_CA_CERTS: undefined,
        ...env,
        BENCH_RSS: rssFile,
      },
    },
  );
  if (status !== 0) throw new Error(`${command.join(' ')} failed:\n${stderr}`);
  const [, children = ''] = stdout.trim().split('\n');
  const seconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)]
    .map(([, minutes, rest]) => Number(minutes) * 60 + Number(rest))
    .reduce((sum, value) => sum + value);
  return { seconds, mib: command.includes(rss) ? Number(readFileSync(rssFile, 'utf8')) / 1024 : undefined };
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Runs ours and the peer in turn; the median of the ratios of the pairs. */
function compare(ours, peer) {
  const pairs = [];
  for (let i = -1; i < RUNS; i++) {
    const pair = [measure(ours), measure(peer)];
    if (i >= 0) pairs.push(pair);
  }
  const of = (index) => median(pairs.map((pair) => pair[index].seconds));
  return {
    ours: of(0),
    peer: of(1),
    ratio: median(pairs.map(([a, b]) => a.seconds / b.seconds)),
    mib: pairs[0][0].mib,
  };
}

const cli = resolve('node_modules/cdk8s-cli/bin/cdk8s');
const compiled = resolve('.synth/main.cjs');
const peer = { command: ['node', trivial] };
const tool = resolve('build/ess-airgap.cjs');
const rows = [
  [
    '`ess-airgap synth` of the full release, beside `cdk8s synth` of this repository',
    '0.3',
    compare(
      { command: ['node', tool, 'synth', '--config', full, '--output', join(dir, 'tool')] },
      { command: ['node', cli, 'synth', '--output', join(dir, 'ours')] },
    ),
  ],
  [
    'compiled synth of the full release (52 containers)',
    '1.5',
    compare({ command: ['node', compiled], env: { ESS_AIRGAP_CONFIG: full } }, peer),
  ],
  [
    '`cdk8s synth` of this repository, the build of its sources and the validation included',
    '1.1',
    compare(
      { command: ['node', cli, 'synth', '--output', join(dir, 'ours')] },
      { command: ['node', cli, 'synth'], cwd: dir },
    ),
  ],
  [
    'the same without the validation (`--no-validate`)',
    '1.1',
    compare(
      { command: ['node', cli, 'synth', '--no-validate', '--output', join(dir, 'ours')] },
      { command: ['node', cli, 'synth'], cwd: dir },
    ),
  ],
  [
    'compiled synth of 5,000 containers (`pin: tag`)',
    '1 s, 200 MiB',
    compare({ command: ['node', '-r', rss, compiled], env: { ESS_AIRGAP_CONFIG: large } }, peer),
  ],
];

console.log(`# What a synth costs

Processor time of whole processes, medians of ${RUNS} pairs that were run in turn; Node ${process.version}. The peer of the other rows
is a compiled cdk8s app with one ConfigMap, in the third and fourth row with the cdk8s command line around it. That app has
no validation plugin, ours has.

    npm ci && npm run demo && node bench/synth.mjs > bench/synth.md

| | processor seconds | peer | ratio | peak memory | goal |
|---|---|---|---|---|---|`);
for (const [name, goal, { ours, peer, ratio, mib }] of rows) {
  const memory = mib ? `${mib.toFixed(0)} MiB` : '';
  console.log(
    `| ${name} | ${ours.toFixed(2)} | ${peer.toFixed(2)} | ${ratio.toFixed(2)} | ${memory} | ${goal} |`,
  );
}
rmSync(dir, { recursive: true });
