import { Option } from '@commander-js/extra-typings';
import { PRODUCTS } from '../../digests/release.ts';
import { examples } from '../examples.ts';
import type { Program } from '../program.ts';

/** `ess-airgap init`: creates a first airgap.yaml or a repository. */
export function addInit(program: Program): void {
  program
    .command('init')
    .summary('create a first airgap.yaml, or a repository with it')
    .description(
      'With the server of your registry: writes a commented airgap.yaml and prints which Secrets to create. With ' +
        'a folder: creates a repository there, with that airgap.yaml, a cdk8s app and pipelines for GitLab and ' +
        'GitHub. Existing files are never overwritten.',
    )
    .argument(
      '<target>',
      'your registry, host[:port] with an optional /path for the images; or a folder to create: a name without ' +
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
      'with a folder: the package of ess-airgap to install, a .tgz file or a version',
    )
    .addHelpText(
      'after',
      examples({
        'ess-airgap init localregistry.local': 'airgap.yaml for the images_digests.yml in this folder',
        'ess-airgap init registry.example:5000/ess --digests ~/ess/images_digests.yml':
          'a registry with a port and a path',
        'ess-airgap init localregistry.local --config prod/airgap.yaml': 'another path for the new file',
        'ess-airgap init localregistry.local/ess --product ess-helm':
          'for the Helm chart, before ess-airgap lock',
        'ess-airgap init ess-infra --server localregistry.local/ess': 'a repository',
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
              message: `--server and --package are for a folder, but ${target} is a registry`,
              hint: `If it is a folder, write ./${target}.`,
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

/**
 * Returns whether the target is a server: it has a dot or a port, or is localhost. Other names and paths are folders.
 */
function isFolder(target: string): boolean {
  return (
    /^\.{0,2}\/|^\.{1,2}$/.test(target) ||
    (/^[^.:@/]+(\/|$)/.test(target) && !/^localhost(\/|$)/.test(target))
  );
}
