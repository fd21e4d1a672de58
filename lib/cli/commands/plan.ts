import { Option } from '@commander-js/extra-typings';
import { EXPORT_FORMATS, type ExportFormat } from '../../exports/export.ts';
import { examples } from '../examples.ts';
import { EXIT } from '../exit.ts';
import { outputOption } from '../options.ts';
import type { Program } from '../program.ts';
import { terminalOf } from '../terminal.ts';

/** `ess-airgap plan`: prints the plan. */
export function addPlan(program: Program): void {
  program
    .command('plan')
    .summary('print which images are copied, and what each container runs')
    .description(
      'Prints how many images are copied from and to each server, which containers are treated specially, and the findings. ' +
        'With --containers, lists each container with its source and the image that it will run; with --images, each distinct image. ' +
        'Exit code 1 if a finding is an error; synth does not accept such a plan.',
    )
    .addOption(
      new Option('-f, --format <format>', 'output format')
        .choices(['text', 'json', 'markdown', 'csv', ...EXPORT_FORMATS] as const)
        .default('text' as const),
    )
    .option('--containers', 'print a table of all containers instead of the summary')
    .option('--images', 'print a table of all distinct images instead of the summary')
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples({
        'ess-airgap plan': 'the summary',
        'ess-airgap plan --containers | grep synapse': 'one component',
        'ess-airgap plan --format markdown': 'for a pull request',
        'ess-airgap plan --format csv --output plan.csv': 'for a spreadsheet; findings on standard error',
        'ess-airgap plan --format regsync --output regsync.yaml': 'for another tool that copies images',
        'ess-airgap plan --config staging.yaml --config prod.yaml --format json': 'for a program',
      }),
    )
    .action(async ({ format, containers, images, output }, command) => {
      const { readProjects } = await import('../configurations.ts');
      const { deploymentsJson, deploymentsMarkdown, deploymentsText } = await import(
        '../format/deployments.ts'
      );
      const { containersTable, imagesTable, planCsv, planMarkdown, planSummary, planValue } = await import(
        '../format/plan.ts'
      );
      const { outputTerminal, writeOutput } = await import('../write-output.ts');
      const projects = readProjects(command.optsWithGlobals());
      const terminal = outputTerminal(output);
      const tables = [...(containers ? [containersTable] : []), ...(images ? [imagesTable] : [])];
      const formats = {
        text: () =>
          deploymentsText(projects, terminal, ({ plan, config }) =>
            tables.length > 0
              ? tables.map((table) => table(plan, terminal)).join('\n')
              : planSummary(plan, config, terminal),
          ),
        json: () => deploymentsJson(projects, ({ plan }) => planValue(plan)),
        markdown: () => deploymentsMarkdown(projects, ({ plan }) => planMarkdown(plan)),
        csv: () => planCsv(projects),
      };
      if (isExport(format)) {
        const { renderExport } = await import('../../exports/index.ts');
        writeOutput(output, renderExport(format, projects));
      } else {
        writeOutput(output, formats[format]());
      }
      const findings = projects.flatMap(({ plan }) => plan.findings);
      const isTable = format === 'csv' || isExport(format) || (format === 'text' && tables.length > 0);
      if (isTable && findings.length > 0) {
        const { formatFindings } = await import('../format/findings.ts');
        process.stderr.write(formatFindings(findings, terminalOf(process.stderr)));
      }
      if (findings.some(({ severity }) => severity === 'error')) process.exitCode = EXIT.no;
    });
}

function isExport(format: string): format is ExportFormat {
  return EXPORT_FORMATS.some((known) => known === format);
}
