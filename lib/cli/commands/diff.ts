import { Option } from '@commander-js/extra-typings';
import type { Release } from '../../digests/release.ts';
import type { ReleaseContext } from '../../plan/model.ts';
import { examples } from '../examples.ts';
import { EXIT } from '../exit.ts';
import { outputOption } from '../options.ts';
import type { Program } from '../program.ts';

/** `ess-airgap diff`: compares two releases. */
export function addDiff(program: Program): void {
  program
    .command('diff')
    .summary('compare two releases: changes, images to copy, decisions')
    .description(
      'Compares two releases: containers added and removed, images re-tagged, rebuilt and moved. If there is an ' +
        'airgap.yaml, it also lists the images to copy, the images that are no longer used, and the decisions to make. Exit code 1 ' +
        'if there is a decision to make.',
    )
    .argument('<old>', 'images_digests.yml, a manifest of the ConfigMap, or git:REV:path of either')
    .argument('<new>', 'the same for the new release')
    .addOption(
      new Option('-f, --format <format>', 'output format')
        .choices(['text', 'markdown', 'json'] as const)
        .default('text' as const),
    )
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples({
        'ess-airgap diff git:HEAD:images_digests.yml images_digests.yml':
          'compare the new file with the committed one',
        'ess-airgap diff old.yml new.yml --format markdown': 'for a pull request',
        'ess-airgap diff git:main:dist/ess-images.k8s.yaml dist/ess-images.k8s.yaml':
          'compare two ConfigMaps',
      }),
    )
    .action(async (old, now, { format, output }) => {
      const { readContext, readRelease } = await import('../../project.ts');
      const { readOptionalConfig } = await import('../configurations.ts');
      const { outputTerminal, writeOutput } = await import('../write-output.ts');
      const { reviewRelease } = await import('../../release/review.ts');
      const { releaseJson, releaseMarkdown, releaseText } = await import('../format/release.ts');
      const document = readOptionalConfig(program.opts(), 'diff');
      const before = readRelease(old);
      const after = readRelease(now);
      const contextOf = ({ images: _, ...known }: Release): ReleaseContext =>
        document ? readContext(known, document.config) : { ...known, values: [] };
      const review = {
        old,
        new: now,
        ...reviewRelease(before.images, after.images, document?.config, document?.place, {
          before: contextOf(before),
          after: contextOf(after),
        }),
      };
      const write = {
        text: () => releaseText(review, outputTerminal(output)),
        markdown: () => releaseMarkdown(review),
        json: () => releaseJson(review),
      };
      writeOutput(output, write[format]());
      if (review.decisions.length > 0) process.exitCode = EXIT.no;
    });
}
