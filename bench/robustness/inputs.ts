// Hundreds of hostile inputs against the built binary, each as a process of its own, and what they cost. Prints a table
// in Markdown; exit code 1 if a bound or a promise was broken, with the seed that makes the input again.
//
//   sh bench/robustness/run.sh inputs [count] [first seed]
import { BOUNDS, type BoundedRun, runBounded } from '../../test/support/bounded-run.ts';
import { type Family, hostileInputs } from '../../test/support/hostile-inputs.ts';

const [count = '1050', only] = process.argv.slice(2);
const runs = new Map<Family, BoundedRun[]>();
let broken = 0;
for (const input of hostileInputs(Number(count))) {
  if (only !== undefined && input.seed !== Number(only)) continue;
  const run = runBounded(input);
  const complaints = [
    ...run.broken,
    ...(run.seconds > BOUNDS.seconds ? [`${run.seconds.toFixed(1)} s`] : []),
  ];
  if (complaints.length > 0) {
    broken++;
    process.stderr.write(
      `${input.family}, seed ${input.seed}, ${input.args.join(' ').slice(0, 80)}: ${complaints.join('; ')}\n`,
    );
  }
  runs.set(input.family, [...(runs.get(input.family) ?? []), run]);
}

const most = (list: readonly BoundedRun[], of: (run: BoundedRun) => number): number =>
  Math.max(...list.map(of).filter((value) => !Number.isNaN(value)));
const rows = [...runs, ['all', [...runs.values()].flat()] as const].map(([family, list]) => {
  const ended = [0, 1, 2].map((status) => list.filter((run) => run.status === status).length).join(', ');
  return `| ${family} | ${list.length} | ${ended} | ${most(list, (run) => run.seconds).toFixed(2)} s | ${most(list, (run) => run.megabytes).toFixed()} MB | ${Math.ceil(most(list, (run) => run.written) / 1000)} kB |`;
});
process.stdout.write(`| inputs | runs | exit codes 0, 1, 2 | most processor time | most memory | longest message |
|---|---|---|---|---|---|
${rows.join('\n')}

${broken === 0 ? 'No bound and no promise was broken' : `${broken} runs broke a bound or a promise`}: at most ${BOUNDS.seconds} s and ${BOUNDS.megabytes} MB, exit code 0, 1 or 2, no stack
trace, no control character, no password.
`);
if (broken > 0) process.exitCode = 1;
