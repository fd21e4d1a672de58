import { basename, isAbsolute, relative } from 'node:path';
import { Option } from '@commander-js/extra-typings';
import type { Release } from '../../digests/release.ts';
import type { Project } from '../../project.ts';
import type { Review } from '../../release/review.ts';
import { examples } from '../examples.ts';
import { EXIT } from '../exit.ts';
import { outputOption } from '../options.ts';
import type { Program } from '../program.ts';

/** `ess-airgap report`: writes the plan and its results as an HTML page. */
export function addReport(program: Program): void {
  program
    .command('report')
    .summary('write an HTML page for reviews: images, changes, findings, results')
    .description(
      'Writes a self-contained HTML page that works without a network: containers by component and server with search ' +
        'and filter, findings and, with --since, the changes. With --result it shows the result for each image ' +
        'and whether the release can be deployed. Exit code 1 if a finding is an error or, with --result, if the ' +
        'release cannot be deployed.',
    )
    .option('--since <old>', 'the older release: images_digests.yml, a ConfigMap, or git:REV:path')
    .option(
      '-r, --result <file...>',
      'the log of the mirror Job, the report of load, or the JSON output of verify, signatures, audit or preflight',
    )
    .addOption(
      new Option('-f, --format <format>', 'how to write it; json needs --result')
        .choices(['html', 'json'] as const)
        .default('html' as const),
    )
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples({
        'ess-airgap report > report.html': 'the plan',
        'ess-airgap report --since git:HEAD:images_digests.yml > report.html':
          'with the changes since the committed release',
        'ess-airgap report --result mirror.log verify.json > report.html': 'with the result for each image',
        'ess-airgap report --result mirror.log --format json > evidence.json': 'evidence for an archive',
      }),
    )
    .action(async ({ since, result, format, output }, command) => {
      const { readProjects } = await import('../configurations.ts');
      const { deploymentsJson } = await import('../format/deployments.ts');
      const { readInput } = await import('../read-input.ts');
      const { writeOutput } = await import('../write-output.ts');
      const { InputError } = await import('../../input/problem.ts');
      const { readRelease } = await import('../../project.ts');
      const { collectEvidence, readResults } = await import('../../report/evidence.ts');
      const { renderReport } = await import('../../report/page.ts');
      const { reviewRelease } = await import('../../release/review.ts');
      if (format === 'json' && result === undefined) {
        throw new InputError([
          {
            message: '--format json needs --result, because it writes the results',
            hint: 'Add --result with the files of the results. To write the plan instead:',
            command: 'ess-airgap plan --format json',
          },
        ]);
      }
      const projects = readProjects(command.optsWithGlobals());
      const read = async (file: string) => ({ file, text: await readInput(file, 'results in JSON') });
      const evidence = result && collectEvidence(projects, readResults(await Promise.all(result.map(read))));
      const before =
        since === undefined ? undefined : { name: withoutRoot(since), release: readRelease(since) };
      const documents = {
        html: () =>
          renderReport(
            projects.map((project, index) => ({
              config: project.config,
              plan: { ...project.plan, findings: project.plan.findings.map(withoutFolder) },
              digests: withoutRoot(project.config.digests),
              ...(evidence?.[index] && { evidence: evidence[index] }),
              ...(before && { since: { name: before.name, review: reviewOf(before.release, project) } }),
            })),
          ),
        json: () =>
          deploymentsJson(
            projects.map(({ config, place }, index) => ({
              config,
              place,
              evidence: evidence?.[index] ?? {},
            })),
            (it) => it.evidence,
          ),
      };
      writeOutput(output, documents[format]());
      const isWrong = projects.some(({ plan }) => plan.findings.some(({ severity }) => severity === 'error'));
      if (isWrong || evidence?.some(({ mayGoOn }) => mayGoOn !== 'yes')) process.exitCode = EXIT.no;

      function reviewOf({ images, ...known }: Release, project: Project): Review {
        const { config, context, place } = project;
        return reviewRelease(images, project.images, config, place, {
          before: { ...context, ...known },
          after: context,
        });
      }
    });
}

/** Returns a path without folders of this machine, because the page is shared. */
function withoutRoot(path: string): string {
  if (!isAbsolute(path)) return path;
  const fromHere = relative('', path);
  return fromHere.startsWith('..') ? basename(path) : fromHere;
}

function withoutFolder<P extends { readonly place?: { readonly file: string } | undefined }>(problem: P): P {
  const { place } = problem;
  return place ? { ...problem, place: { ...place, file: withoutRoot(place.file) } } : problem;
}
