import { Argument } from '@commander-js/extra-typings';
import { examples } from '../examples.ts';
import type { Program } from '../program.ts';

/** `ess-airgap completion`: prints the completion script of a shell. */
export function addCompletion(program: Program): void {
  program
    .command('completion')
    .summary('print the shell completion of commands and options')
    .description(
      'Prints the completion script of a shell, for ess-airgap and npx ess-airgap. The script is self-contained: it does not run ess-airgap.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish'] as const))
    .addHelpText(
      'after',
      examples({
        '. <(ess-airgap completion bash)': 'in ~/.bashrc',
        '. <(ess-airgap completion zsh)': 'in ~/.zshrc, after compinit',
        'ess-airgap completion fish > ~/.config/fish/completions/ess-airgap.fish': 'run it once',
      }),
    )
    .action(async (shell) => {
      const { renderCompletion } = await import('../format/completion.ts');
      process.stdout.write(renderCompletion(program, shell));
    });
}
