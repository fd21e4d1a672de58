import { Option } from '@commander-js/extra-typings';
import { examples } from '../examples.ts';
import { EXIT } from '../exit.ts';
import type { Program } from '../program.ts';
import { terminalOf } from '../terminal.ts';

/** `ess-airgap plan`: what becomes of every container and every image. */
export function addPlan(program: Program): void {
  program
    .command('plan')
    .summary('every container: its source, its target, what the ConfigMap will say')
    .description(
      'Every container of the release with its source and what the ConfigMap makes it run, every distinct image once, ' +
        'totals and findings. Exit code 1 where a finding is an error: such a plan is not synthesised.',
    )
    .addOption(
      new Option('-f, --format <format>', 'how to write it')
        .choices(['table', 'json', 'markdown', 'csv'] as const)
        .default('table' as const),
    )
    .addHelpText(
      'after',
      examples({
        'ess-airgap plan': 'read it',
        'ess-airgap plan --format markdown': 'for a pull request',
        'ess-airgap plan --format csv > plan.csv': 'for a spreadsheet; findings on standard error',
        'ess-airgap plan --config prod/airgap.yaml --format json': 'for a program',
      }),
    )
    .action(async ({ format }, command) => {
      const { loadProject } = await import('../../project.ts');
      const { planCsv, planJson, planMarkdown, planTable } = await import('../format/plan.ts');
      const { plan } = loadProject(command.optsWithGlobals().config);
      const write = {
        table: () => planTable(plan, terminalOf(process.stdout)),
        json: () => planJson(plan),
        markdown: () => planMarkdown(plan),
        csv: () => planCsv(plan),
      };
      process.stdout.write(write[format]());
      if (format === 'csv' && plan.findings.length > 0) {
        const { formatFindings } = await import('../format/findings.ts');
        process.stderr.write(formatFindings(plan.findings, terminalOf(process.stderr)));
      }
      if (plan.findings.some(({ severity }) => severity === 'error')) process.exitCode = EXIT.no;
    });
}
