import { examples } from '../examples.ts';
import type { Program } from '../program.ts';

/** `ess-airgap synth`: the manifests, without the command line of cdk8s. */
export function addSynth(program: Program): void {
  program
    .command('synth')
    .summary('write the manifests')
    .description(
      'Writes the manifests that the configuration asks for, a file each, and prints what to do with them. Everything is ' +
        'validated first; the output folder then changes as a whole, or not at all. Files of an earlier synth that are ' +
        'no longer made are removed, others stay. Exit code 2 if something is wrong.',
    )
    .option(
      '-o, --output <folder>',
      'the folder for the manifests (default: dist, or what CDK8S_OUTDIR names)',
    )
    .option('--check', 'write nothing: find what is wrong, and print what would change')
    .addHelpText(
      'after',
      examples({
        'ess-airgap synth': 'the manifests of airgap.yaml, in dist/',
        'ess-airgap synth --check': 'before a commit, or where dist/ must stay as it is',
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
