import { Option } from '@commander-js/extra-typings';
import { EXPORT_FORMATS, type ExportFormat } from '../../exports/export.ts';
import { examples } from '../examples.ts';
import { EXIT } from '../exit.ts';
import { outputOption } from '../options.ts';
import type { Program } from '../program.ts';
import { terminalOf } from '../terminal.ts';

/** `ess-airgap plan`: what becomes of every container and every image. */
export function addPlan(program: Program): void {
  program
    .command('plan')
    .summary('what becomes of every container and image')
    .description(
      'How many images come from which server and go where, which containers are special, and the findings; with ' +
        '--containers and --images every container with its source and what it will run, and every distinct image. ' +
        'Exit code 1 if a finding is an error: such a plan is not synthesised.',
    )
    .addOption(
      new Option('-f, --format <format>', 'how to write it')
        .choices(['text', 'json', 'markdown', 'csv', ...EXPORT_FORMATS] as const)
        .default('text' as const),
    )
    .option('--containers', 'a table of all containers instead of the summary')
    .option('--images', 'a table of all distinct images instead of the summary')
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples({
        'ess-airgap plan': 'read it',
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
