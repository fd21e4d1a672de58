import { examples } from '../examples.ts';
import { EXIT } from '../exit.ts';
import type { Program } from '../program.ts';
import { terminalOf } from '../terminal.ts';

/** `ess-airgap lint`: the findings about the plan, and nothing else. */
export function addLint(program: Program): void {
  program
    .command('lint')
    .summary('what is wrong with the plan, or worth knowing')
    .description('The findings about the plan. Exit code 1 where one of them is an error.')
    .option('--strict', 'exit code 1 for warnings too')
    .addHelpText(
      'after',
      examples({
        'ess-airgap lint': 'before a commit',
        'ess-airgap lint --strict': 'in a pipeline that lets nothing doubtful through',
      }),
    )
    .action(async ({ strict }, command) => {
      const { loadProject } = await import('../../project.ts');
      const { formatFindings } = await import('../format/findings.ts');
      const { plan } = loadProject(command.optsWithGlobals().config);
      process.stdout.write(formatFindings(plan.findings, terminalOf(process.stdout)));
      const refused = plan.findings.some(
        ({ severity }) => severity === 'error' || (strict && severity === 'warning'),
      );
      if (refused) process.exitCode = EXIT.no;
    });
}
