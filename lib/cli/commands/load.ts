import { examples } from '../examples.ts';
import { caOption, formatOption } from '../options.ts';
import type { Program } from '../program.ts';

/** `ess-airgap load`: pushes a bundle into the registry on the other side. */
export function addLoad(program: Program): void {
  program
    .command('load <bundle> [older...]')
    .summary('pushes a bundle into the registry, and verifies it')
    .description(
      'Checks every file of the bundle before anything is pushed, pushes each image by tag with its digest, and asks ' +
        'for it once more. Where the bundle leaves out layers, they come from the folders of older bundles, or are in ' +
        'the registry. The load.sh in the bundle does the same without this tool. Needs skopeo. Logs in with what ' +
        'mirror.auth takes from the environment, where there is an airgap.yaml and that is set, or else with what ' +
        'skopeo login or docker login left. Exit code 1 where an image could not be pushed, 2 where the bundle is not whole.',
    )
    .addOption(formatOption())
    .addOption(caOption())
    .addHelpText(
      'after',
      examples({
        'ess-airgap load ess-24.10': 'check and push',
        'ess-airgap load ess-25.04 ess-24.10': 'with the older bundle at hand, for a registry that lost it',
      }),
    )
    .action(async (bundle, older, { format, ca }) => {
      const { readOptionalConfig } = await import('../configurations.ts');
      const { readGivenLogins, withoutLogins } = await import('../../credentials/logins.ts');
      const { loadLocally } = await import('../../bundle/local-load.ts');
      const { trustedCertificates } = await import('../../registry/trust.ts');
      const { showScript } = await import('../show-script.ts');
      // The other side may have no airgap.yaml.
      const config = readOptionalConfig(program.opts(), 'load')?.config;
      const environment = config ? withoutLogins(config, process.env) : process.env;
      const logins = config ? readGivenLogins(config, process.env, { usedBy: 'mirror' }) : [];
      const certificates = ca && trustedCertificates(environment, ca).join('\n');
      await showScript(format, (show) =>
        loadLocally({
          bundle,
          older,
          logins,
          environment,
          ...(config && { config }),
          ...(certificates && { certificates }),
          ...show,
        }),
      );
    });
}
