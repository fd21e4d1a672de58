import { Argument } from '@commander-js/extra-typings';
import { examples } from '../examples.ts';
import type { Program } from '../program.ts';

/** `ess-airgap completion`: what a shell needs to complete commands and options. */
export function addCompletion(program: Program): void {
  program
    .command('completion')
    .summary('the completion of commands and options for a shell')
    .description(
      'Writes the completion script of a shell. It holds everything that it completes, runs nothing, and completes npx ess-airgap too.',
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish'] as const))
    .addHelpText(
      'after',
      examples({
        '. <(ess-airgap completion bash)': 'in ~/.bashrc',
        '. <(ess-airgap completion zsh)': 'in ~/.zshrc, behind compinit',
        'ess-airgap completion fish > ~/.config/fish/completions/ess-airgap.fish': 'once',
      }),
    )
    .action(async (shell) => {
      const { renderCompletion } = await import('../format/completion.ts');
      process.stdout.write(renderCompletion(program, shell));
    });
}
