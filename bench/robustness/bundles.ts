// Tampers with bundles in every way that we could think of, and tries to load them with `ess-airgap load` and load.sh:
// each must be rejected with its reason, before a registry is asked for anything, and soon.
//
//   sh bench/robustness/run.sh bundles [PART OF A NAME]
import { BundleLab } from '../../test/support/bundles.ts';
import { TamperedBundles } from '../../test/support/tampered-bundles.ts';
import { tamperings } from '../../test/support/tampering.ts';

async function main(): Promise<void> {
  const lab = await BundleLab.start();
  let wrong = 0;
  try {
    const bundles = await TamperedBundles.make(lab);
    // A part of a name, to try only some.
    const wanted = process.argv[2] ?? '';
    const all = tamperings().filter(({ name }) => name.includes(wanted));
    let slowest = { seconds: 0, name: '' };
    for (const [index, tampering] of all.entries()) {
      const began = performance.now();
      const faults = await bundles.faultsOf(tampering);
      const seconds = (performance.now() - began) / 1000;
      if (seconds > slowest.seconds) slowest = { seconds, name: tampering.name };
      if (faults.length > 0) wrong++;
      for (const fault of faults) {
        process.stdout.write(`${tampering.name}${tampering.split ? ', in parts' : ''}: ${fault}\n`);
      }
      if (process.stderr.isTTY) process.stderr.write(`\r${index + 1} of ${all.length}`);
    }
    process.stdout.write(
      `${all.length} tampered bundles, each loaded in 2 ways: ${all.length - wrong} rejected with their reason before a ` +
        `registry was asked, ${wrong} not; the slowest was ${slowest.name} with ${slowest.seconds.toFixed(1)} s for both\n`,
    );
  } finally {
    await lab.stop();
  }
  if (wrong > 0) process.exitCode = 1;
}

await main();
