import { assertPushable } from '../assert-pushable.ts';
import { examples } from '../examples.ts';
import { EXIT } from '../exit.ts';
import { caOption } from '../options.ts';
import type { Program } from '../program.ts';
import { Progress } from '../progress.ts';

/** `ess-airgap bundle`: the images of the plan in a folder, to carry. */
export function addBundle(program: Program): void {
  program
    .command('bundle')
    .summary('writes the images of the plan into a folder, for a network with no connection')
    .description(
      'Downloads every image of the plan, with the platforms that mirror.platforms names, into one folder: an OCI image layout in which every ' +
        'layer is stored once, with checksums and with load.sh, which pushes it on the other side. Goes on where an ' +
        'earlier run ended. Exit code 1 where an image could not be had.',
    )
    .requiredOption('--output <folder>', 'the folder to make')
    .option(
      '--since <old>',
      "leave out layers that the registry has: by the folder (or load.plan) of the bundle loaded last, or by the older release's digests file",
    )
    .option('--split-size <size>', 'the most that a part may have, such as 4GB or 700MiB')
    .addOption(caOption())
    .addHelpText(
      'after',
      examples({
        'ess-airgap bundle --output ess-24.10': 'everything',
        'ess-airgap bundle --output ess-25.04 --since ess-24.10': 'only what the last bundle did not bring',
        'ess-airgap bundle --output ess-24.10 --split-size 4GB': 'parts that fit the medium',
      }),
    )
    .action(async ({ output, since, splitSize, ca }, command) => {
      const { readProject } = await import('../configurations.ts');
      const { InputError } = await import('../../input/problem.ts');
      const { assertNoErrors } = await import('../../plan/finding.ts');
      const { withRegistries } = await import('../../registry/open.ts');
      const { writeBundle } = await import('../../bundle/write.ts');
      const { readSince } = await import('../../bundle/read-since.ts');
      const { parseSize } = await import('../../bundle/parts.ts');
      const { formatBundle, formatFailures } = await import('../format/bundle.ts');
      const { config, plan, place } = readProject(command.optsWithGlobals(), 'bundle');
      assertNoErrors(plan.findings);
      assertPushable(config);
      const partSize = splitSize === undefined ? undefined : parseSize(splitSize);
      if (splitSize !== undefined && partSize === undefined) {
        throw new InputError([
          {
            message: `--split-size "${splitSize}" is no size; expected one such as 4GB, 700MiB or a number of bytes`,
          },
        ]);
      }
      const { checkLogins } = await import('../check-logins.ts');
      const images = plan.relocations.flatMap(({ source }) => source ?? []);
      await checkLogins({ config, place, images, usedBy: 'mirror' }, process.env);
      const progress = new Progress(process.stderr);
      const onProgress = (text: string): void => progress.show(text);
      const options = { environment: process.env, ...(ca && { caFile: ca }) };
      const result = await withRegistries(config, options, async (client) => {
        const older = since === undefined ? [] : await readSince(since, { config, plan, client });
        return writeBundle({ plan, client, output, older, onProgress, ...(partSize && { partSize }) });
      });
      progress.clear();
      if (result.finished) process.stdout.write(formatBundle(output, result, result.finished));
      else {
        process.stdout.write(formatFailures(output, result.failures));
        process.exitCode = EXIT.no;
      }
    });
}
