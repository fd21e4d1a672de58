// What starting ess-airgap costs, beside a node that does nothing: whole processes, run in turn, as ratios in one run.
//
//   npm ci && node bench/startup.mjs > bench/startup.md
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const RUNS = 25;
const dir = mkdtempSync(join(tmpdir(), 'ess-airgap-bench-'));
const config = join(dir, 'airgap.yaml');
writeFileSync(
  config,
  `apiVersion: ess-airgap/v1\ndigests: ${resolve('test/fixtures/images_digests.full.yml')}\nregistry: { server: localregistry.local, path: elementdeployment }\n`,
);

function measure(args) {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')} failed:\n${stderr}`);
  return performance.now() - started;
}
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const commands = {
  'ess-airgap --help': ['--help'],
  'ess-airgap plan': ['plan', '--config', config],
  'ess-airgap report': ['report', '--config', config],
};
const rows = Object.entries(commands).map(([name, args]) => {
  const pairs = Array.from({ length: RUNS }, () => [
    measure(['build/ess-airgap.cjs', ...args]),
    measure(['-e', '0']),
  ]);
  const ratio = median(pairs.map(([ours, node]) => ours / node)).toFixed(2);
  const [ours, node] = [0, 1].map((side) => median(pairs.map((pair) => pair[side])).toFixed(0));
  return `| \`${name}\` | ${ours} ms | ${node} ms | ${ratio} | ${name.endsWith('plan') ? '1.5' : ''} |`;
});
rmSync(dir, { recursive: true });
console.log(`# What starting the command line costs

Medians of ${RUNS} pairs of whole processes, run in turn, for the full release (52 containers); Node ${process.version}.

    npm ci && node bench/startup.mjs > bench/startup.md

| | whole process | \`node -e 0\` | ratio | goal |
|---|---|---|---|---|
${rows.join('\n')}`);
