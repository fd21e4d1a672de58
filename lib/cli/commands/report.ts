import type { Release } from '../../digests/release.ts';
import type { Review } from '../../release/review.ts';
import { examples } from '../examples.ts';
import { EXIT } from '../exit.ts';
import { outputOption } from '../options.ts';
import type { Program } from '../program.ts';

/** `ess-airgap report`: the plan as one HTML page. */
export function addReport(program: Program): void {
  program
    .command('report')
    .summary('one HTML page for the review: images, changes, findings')
    .description(
      'Writes one HTML page that needs no network and no other file: containers by component and server with search ' +
        'and filter, findings and, with --since, what changed. Exit code 1 where a finding is an error.',
    )
    .option('--since <old>', 'the older release: images_digests.yml, a ConfigMap, or git:REV:path')
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples({
        'ess-airgap report --output report.html': 'the plan',
        'ess-airgap report --since git:HEAD:images_digests.yml --output report.html':
          'and what changes against the committed release',
      }),
    )
    .action(async ({ since, output }, command) => {
      const { readProject } = await import('../configurations.ts');
      const { writeOutput } = await import('../write-output.ts');
      const { readRelease } = await import('../../project.ts');
      const { renderReport } = await import('../../report/page.ts');
      const { reviewRelease } = await import('../../release/review.ts');
      const { config, plan, images, context, place } = readProject(command.optsWithGlobals(), 'report');
      const review = ({ info, images: before }: Release): Review =>
        reviewRelease(before, images, config, place, { before: { ...context, info }, after: context });
      const page = renderReport({
        config,
        plan,
        digests: config.digests,
        ...(since !== undefined && {
          since: { name: since, review: review(readRelease(since)) },
        }),
      });
      writeOutput(output, page);
      if (plan.findings.some(({ severity }) => severity === 'error')) process.exitCode = EXIT.no;
    });
}
