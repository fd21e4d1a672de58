import { assertPushable } from '../assert-pushable.ts';
import { examples } from '../examples.ts';
import { EXIT } from '../exit.ts';
import { caOption } from '../options.ts';
import type { Program } from '../program.ts';
import { Progress } from '../progress.ts';

/** `ess-airgap bundle`: downloads the images of the plan to a folder, to carry them across an air gap. */
export function addBundle(program: Program): void {
  program
    .command('bundle')
    .summary('download the images of the plan to a folder, for a network without a connection')
    .description(
      'Downloads every image of the plan, for the platforms in mirror.platforms and with the artifacts in mirror.artifacts, ' +
        'to one folder: an OCI image layout in which every layer is stored once, with checksums and with load.sh, which pushes it on the other side. Continues an ' +
        'interrupted run. Exit code 1 if an image could not be downloaded.',
    )
    .requiredOption('--output <folder>', 'the folder to create')
    .option(
      '--since <old>',
      'leave out layers that the registry already has: the folder (or load.plan) of the bundle that was loaded last, or the digests file of the older release',
    )
    .option('--split-size <size>', 'the maximum size of a part, such as 4GB or 700MiB')
    .addOption(caOption())
    .addHelpText(
      'after',
      examples({
        'ess-airgap bundle --output ess-24.10': 'all images',
        'ess-airgap bundle --output ess-25.04 --since ess-24.10':
          'only layers that the last bundle did not have',
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
            message: `--split-size "${splitSize}" is not a size; expected a size such as 4GB or 700MiB, or a number of bytes`,
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
