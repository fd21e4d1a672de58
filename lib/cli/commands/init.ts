import { examples } from '../examples.ts';
import type { Program } from '../program.ts';

/** `ess-airgap init`: a first airgap.yaml. */
export function addInit(program: Program): void {
  program
    .command('init')
    .summary('write a first airgap.yaml')
    .description(
      'Writes a commented airgap.yaml that works, from a digests file and the server of your registry, and says which ' +
        'Secrets it names. A file that is there is never overwritten.',
    )
    .argument('<server>', 'your registry, host[:port], with the folder for the images if there is one')
    .option('-d, --digests <file>', "the release's digests file", 'images_digests.yml')
    .addHelpText(
      'after',
      examples({
        'ess-airgap init localregistry.local': 'images_digests.yml is here',
        'ess-airgap init registry.example:5000/ess --digests ~/ess/images_digests.yml': 'a port, a folder',
        'ess-airgap init localregistry.local --config prod/airgap.yaml': 'another place for it',
      }),
    )
    .action(async (server, { digests }, command) => {
      const { writeStarter } = await import('../../starter.ts');
      const { oneConfigPath } = await import('../configurations.ts');
      const path = oneConfigPath(command.optsWithGlobals(), 'init');
      process.stdout.write(writeStarter(path, server, digests));
    });
}
