import type { OpenBundle } from '../../bundle/open-bundle.ts';
import type { Config } from '../../config/schema.ts';
import { examples } from '../examples.ts';
import { caOption, formatOption } from '../options.ts';
import type { Program } from '../program.ts';
import { Progress } from '../progress.ts';

/** `ess-airgap load`: pushes a bundle to the registry on the other side. */
export function addLoad(program: Program): void {
  program
    .command('load <bundle> [older...]')
    .summary('verify a bundle and push it to the registry')
    .description(
      'Verifies every file of the bundle against load.plan before anything is pushed, then pushes each image by tag, then ' +
        'its artifacts, and checks every digest in the registry. If the bundle leaves out layers, they are read from the folders of older ' +
        'bundles, or are in the registry. The load.sh in the bundle does the same without this tool. Needs skopeo. ' +
        'Logs in with the credentials that mirror.auth reads from the environment, if there is an airgap.yaml and they are ' +
        'set, otherwise with those of skopeo login or docker login. Exit code 1 if an image could not be pushed, 2 if ' +
        'the bundle was rejected.',
    )
    .option('--digest <digest>', 'the digest of load.plan that bundle printed; any other bundle is rejected')
    .option(
      '--server <server>',
      'the only registry to push to (default: that of airgap.yaml, if the file exists)',
    )
    .option('--dry-run', 'verify the bundle and print what would be pushed, without contacting a registry')
    .addOption(formatOption())
    .addOption(caOption())
    .addHelpText(
      'after',
      examples({
        "ess-airgap load ess-24.10 --digest 'sha256:…'": 'verify and push',
        "ess-airgap load ess-25.04 ess-24.10 --digest 'sha256:…'":
          'with the older bundle, for a registry that lost its images',
        'ess-airgap load ess-24.10 --dry-run': 'verify only',
      }),
    )
    .action(async (path, older, { digest, server, dryRun, format, ca }) => {
      const { InputError } = await import('../../input/problem.ts');
      const { oneConfigPath, readOptionalConfig } = await import('../configurations.ts');
      const { openBundle, parseDigest } = await import('../../bundle/open-bundle.ts');
      const { checkBundle } = await import('../../bundle/check-bundle.ts');
      const { assertServer } = await import('../../bundle/targets.ts');
      const expected = digest === undefined ? undefined : parseDigest(digest);
      if (digest !== undefined && expected === undefined) {
        throw new InputError([
          {
            message: '--digest is not a digest; expected sha256: and 64 hexadecimal digits',
            hint: 'Spaces between the digits are allowed if the value is in quotes.',
          },
        ]);
      }
      // The other side may have no airgap.yaml.
      const document = readOptionalConfig(program.opts(), 'load');
      const config = document?.config;
      const bundle = await openBundle(path, expected);
      if (server !== undefined) assertServer(bundle, server, '--server');
      else if (config) {
        assertServer(bundle, config.registry.pushServer ?? config.registry.server, 'airgap.yaml');
      }
      if (
        expected === undefined &&
        !(config && (await confirmedByPlan(oneConfigPath(program.opts(), 'load'), config, bundle)))
      ) {
        process.stderr.write(
          `warning: ${bundle.file} has the digest ${bundle.digest}.\n` +
            '    Nothing shows that this is the bundle that was made. Compare this digest with the one that\n' +
            '    "ess-airgap bundle" printed, or pass that one with --digest.\n',
        );
      }
      const progress = new Progress(process.stderr);
      const onProgress = (text: string): void => progress.show(text);
      const checked = await checkBundle(bundle, { older, onProgress });
      progress.clear();
      if (dryRun) {
        const { jsonText } = await import('../format/json.ts');
        const { formatLoad } = await import('../format/bundle.ts');
        const { images, own } = bundle.plan;
        process.stdout.write(format === 'json' ? jsonText({ images, own }) : formatLoad(bundle.plan));
        return;
      }
      const { loadLocally } = await import('../../bundle/local-load.ts');
      const { readGivenLogins, withoutLogins } = await import('../../credentials/logins.ts');
      const { trustedCertificates } = await import('../../registry/trust.ts');
      const { checkLogins } = await import('../check-logins.ts');
      const { showScript } = await import('../show-script.ts');
      if (document) {
        const images = bundle.plan.images.map(({ target }) => target);
        await checkLogins({ ...document, images, usedBy: 'mirror' }, process.env);
      }
      const environment = config ? withoutLogins(config, process.env) : process.env;
      const logins = config ? readGivenLogins(config, process.env, { usedBy: 'mirror' }) : [];
      const certificates = ca && trustedCertificates(environment, ca).join('\n');
      await showScript(format, (show) =>
        loadLocally({
          bundle,
          checked,
          logins,
          environment,
          ...(config && { config }),
          ...(certificates && { certificates }),
          ...show,
        }),
      );
    });
}

/** Whether the digests file beside airgap.yaml, if there is one, has the digest of every image of the bundle. */
async function confirmedByPlan(configPath: string, config: Config, bundle: OpenBundle): Promise<boolean> {
  const { existsSync } = await import('node:fs');
  const { dirname, resolve } = await import('node:path');
  if (!existsSync(resolve(dirname(configPath), config.digests))) return false;
  const { loadProject } = await import('../../project.ts');
  const { compareWithPlan } = await import('../../bundle/targets.ts');
  return compareWithPlan(bundle, loadProject(configPath).plan.relocations);
}
