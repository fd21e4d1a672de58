import { Option } from '@commander-js/extra-typings';
import { examples } from '../examples.ts';
import { EXIT } from '../exit.ts';
import { outputOption } from '../options.ts';
import type { Program } from '../program.ts';

/** `ess-airgap lint`: prints the findings about the plan. */
export function addLint(program: Program): void {
  program
    .command('lint')
    .summary('print the findings: errors, warnings and notes about the plan')
    .description(
      'Prints the findings about the plan. Exit code 1 if one of them is an error. With --format json or sarif, problems of ' +
        'the configuration and the digests file are listed like findings, with exit code 2.',
    )
    .option('--strict', 'exit code 1 for warnings too')
    .addOption(
      new Option('-f, --format <format>', 'output format')
        .choices(['text', 'json', 'sarif'] as const)
        .default('text' as const),
    )
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples({
        'ess-airgap lint': 'before a commit',
        'ess-airgap lint --strict': 'in a pipeline that must fail for warnings, too',
        'ess-airgap lint --format sarif --output lint.sarif':
          'for a code host that shows findings in reviews',
      }),
    )
    .action(async ({ strict, format, output }, command) => {
      const { version } = await import('../../../package.json');
      const { InputError } = await import('../../input/problem.ts');
      const { readProjects } = await import('../configurations.ts');
      const { deploymentsText } = await import('../format/deployments.ts');
      const { findingsJson, formatFindings, reportProblem } = await import('../format/findings.ts');
      const { jsonText } = await import('../format/json.ts');
      const { findingsSarif } = await import('../format/sarif.ts');
      const { outputTerminal, writeOutput } = await import('../write-output.ts');
      const forPrograms = (findings: Parameters<typeof findingsJson>[0]): string =>
        format === 'sarif' ? findingsSarif(findings, version) : jsonText(findingsJson(findings));

      try {
        const projects = readProjects(command.optsWithGlobals());
        const findings = projects.flatMap(({ plan }) => plan.findings);
        const terminal = outputTerminal(output);
        writeOutput(
          output,
          format === 'text'
            ? deploymentsText(projects, terminal, ({ plan }) => formatFindings(plan.findings, terminal))
            : forPrograms(findings),
        );
        const isRefused = findings.some(
          ({ severity }) => severity === 'error' || (strict && severity === 'warning'),
        );
        if (isRefused) process.exitCode = EXIT.no;
      } catch (error) {
        if (format === 'text' || !(error instanceof InputError)) throw error;
        writeOutput(output, forPrograms(error.problems.map(reportProblem)));
        process.exitCode = EXIT.failed;
      }
    });
}
