import { Option } from '@commander-js/extra-typings';
import { PRODUCTS } from '../../digests/release.ts';
import { examples } from '../examples.ts';
import type { Program } from '../program.ts';

/** `ess-airgap init`: a first airgap.yaml, or a whole infra repository. */
export function addInit(program: Program): void {
  program
    .command('init')
    .summary('write a first airgap.yaml, or a repository around it')
    .description(
      'With the server of your registry: writes a commented airgap.yaml that works, and says which Secrets it names. With ' +
        'a folder: makes an infra repository there, with that airgap.yaml, a cdk8s app and pipelines for GitLab and ' +
        'GitHub. No file that exists is ever overwritten.',
    )
    .argument(
      '<target>',
      'your registry, host[:port], with the folder for the images if there is one; or a folder to make: a name without ' +
        'a dot, or a path such as ./infra',
    )
    .option('-d, --digests <file>', "the release's digests file (default: images_digests.yml, if it exists)")
    .addOption(
      new Option(
        '--product <line>',
        'how ESS is installed: classic with the installer, ess-helm with the Helm chart (default: as the digests file says)',
      ).choices(PRODUCTS),
    )
    .option('-s, --server <server>', 'with a folder: your registry (default: registry.example.org/ess)')
    .option(
      '--package <file>',
      'with a folder: the package of ess-airgap that it is to install, a .tgz or a version',
    )
    .addHelpText(
      'after',
      examples({
        'ess-airgap init localregistry.local': 'airgap.yaml; images_digests.yml is here',
        'ess-airgap init registry.example:5000/ess --digests ~/ess/images_digests.yml': 'a port, a folder',
        'ess-airgap init localregistry.local --config prod/airgap.yaml': 'another place for it',
        'ess-airgap init localregistry.local/ess --product ess-helm':
          'for the Helm chart, before ess-airgap lock',
        'ess-airgap init ess-infra --server localregistry.local/ess': 'a whole repository',
      }),
    )
    .action(async (target, { digests, product, server, package: tool }, command) => {
      const { existsSync } = await import('node:fs');
      if (!isFolder(target)) {
        const { writeStarter } = await import('../../starter.ts');
        const { oneConfigPath } = await import('../configurations.ts');
        const { InputError } = await import('../../input/problem.ts');
        const path = oneConfigPath(command.optsWithGlobals(), 'init');
        if (server !== undefined || tool !== undefined) {
          throw new InputError([
            {
              message: `--server and --package are for a folder, and ${target} is a registry`,
              hint: `If a folder is meant, write ./${target}.`,
            },
          ]);
        }
        process.stdout.write(writeStarter(path, target, digests ?? DIGESTS, product));
        return;
      }
      const { writeRepository } = await import('../../repository/write.ts');
      process.stdout.write(
        writeRepository(target, {
          server: server ?? 'registry.example.org/ess',
          digests: digests ?? (existsSync(DIGESTS) ? DIGESTS : undefined),
          product,
          package: tool,
        }),
      );
    });
}

const DIGESTS = 'images_digests.yml';

/** A server has a dot or a port, or is localhost: a name without them is a folder, and so is a path. */
function isFolder(target: string): boolean {
  return (
    /^\.{0,2}\/|^\.{1,2}$/.test(target) ||
    (/^[^.:@/]+(\/|$)/.test(target) && !/^localhost(\/|$)/.test(target))
  );
}
