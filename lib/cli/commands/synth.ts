import { examples } from '../examples.ts';
import type { Program } from '../program.ts';

/** `ess-airgap synth`: writes the manifests without the cdk8s command-line tool. */
export function addSynth(program: Program): void {
  program
    .command('synth')
    .summary('write the manifests')
    .description(
      'Writes the manifests of the configuration, one file per chart, and prints the next steps. Everything is ' +
        'validated first, and the output folder is replaced as a whole or not at all. Files of an earlier synth that are ' +
        'no longer needed are removed; other files stay. Exit code 2 if something is wrong.',
    )
    .option(
      '-o, --output <folder>',
      'the folder for the manifests (default: dist, or the value of CDK8S_OUTDIR)',
    )
    .option('--check', 'write nothing: validate, and print what would change')
    .addHelpText(
      'after',
      examples({
        'ess-airgap synth': 'the manifests of airgap.yaml, in dist/',
        'ess-airgap synth --check': 'before a commit, or if dist/ must not change',
        'ess-airgap synth --config staging.yaml --config production.yaml':
          'two deployments, each with a name',
      }),
    )
    .action(async ({ output, check = false }, command) => {
      const { synthesizeDeployments } = await import('../../synth/deployments.ts');
      const { configPathsOf } = await import('../configurations.ts');
      const configs = configPathsOf(command.optsWithGlobals());
      process.stdout.write(synthesizeDeployments(configs, output, { check }));
    });
}
