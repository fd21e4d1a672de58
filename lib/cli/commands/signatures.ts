import type { Project } from '../../project.ts';
import { examples } from '../examples.ts';
import { EXIT } from '../exit.ts';
import type { CheckedRow } from '../format/signatures.ts';
import { caOption, formatOption, outputOption } from '../options.ts';
import type { Program } from '../program.ts';
import { Progress } from '../progress.ts';

/** `ess-airgap signatures`: checks the signatures that `verify` of the configuration requires. */
export function addSignatures(program: Program): void {
  program
    .command('signatures')
    .summary('check the signatures that verify of airgap.yaml requires')
    .description(
      'Finds the signatures of each image that a rule of verify matches, and checks them with the trusted root and ' +
        'the keys of airgap.yaml: bundles of cosign 3 and signatures of cosign 2. Contacts the upstream registries, ' +
        'or with --target only the local registry, but no transparency log and no certificate authority. ' +
        'Exit code 1 if an image has no accepted signature, 2 if a registry could not be read.',
    )
    .option('--target', 'check the signatures in the local registry that nodes pull from (registry.server)')
    .option('--push', 'check them on the server that the mirror pushes to (registry.pushServer)')
    .addOption(formatOption())
    .addOption(caOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples({
        'ess-airgap signatures': 'upstream, in the pipeline of a pull request',
        'ess-airgap signatures --target': 'in the local registry, without internet',
        'ess-airgap signatures --format json -o signatures.json':
          'for a script, or as evidence for report --result',
      }),
    )
    .action(async ({ target, push, format, ca, output }, command) => {
      const { withRegistries } = await import('../../registry/open.ts');
      const { InputError } = await import('../../input/problem.ts');
      const { checkSignatures } = await import('../../signatures/check.ts');
      const { imagesToCheck } = await import('../../signatures/of-plan.ts');
      const { readTrusted } = await import('../../signatures/trusted.ts');
      const { checkLogins } = await import('../check-logins.ts');
      const { readProjects } = await import('../configurations.ts');
      const { deploymentsJson, deploymentsText } = await import('../format/deployments.ts');
      const { signaturesText, signaturesValue } = await import('../format/signatures.ts');
      const { outputTerminal, writeOutput } = await import('../write-output.ts');

      const projects = readProjects(command.optsWithGlobals());
      const without = projects.filter(({ config }) => !config.verify);
      if (without.length > 0)
        throw new InputError(
          without.map(({ place }) => ({
            place: place(),
            message: 'verify is not set; expected the required signatures of the images',
            hint: 'See docs/how-to/signatures.md for examples.',
          })),
        );
      const progress = new Progress(process.stderr);
      const deployments: (Pick<Project, 'config' | 'place'> & { from: string; checked: CheckedRow[] })[] = [];
      for (const { config, plan, place } of projects) {
        const { registry } = config;
        const local = push ? (registry.pushServer ?? registry.server) : target ? registry.server : undefined;
        const trusted = readTrusted(config);
        const images = imagesToCheck(plan.relocations, config, local);
        const asked = images.flatMap(({ rule, image }) => (rule && rule.signers.length > 0 ? image : []));
        if (local) await checkLogins({ config, place, images: asked }, process.env);
        const results = await withRegistries(config, { environment: process.env, caFile: ca }, (client) =>
          checkSignatures(images, client, trusted, (done, total) =>
            progress.show(`signatures of ${done} of ${total} images checked`),
          ),
        );
        const checked = results.map((result, at) => ({
          ...result,
          containers: images[at]?.containers ?? [],
        }));
        deployments.push({ config, place, from: local ?? 'upstream', checked });
      }
      progress.clear();
      const terminal = outputTerminal(output);
      const document =
        format === 'json'
          ? deploymentsJson(deployments, ({ from, checked }) => signaturesValue(from, checked))
          : deploymentsText(deployments, terminal, ({ from, checked }) =>
              signaturesText(from, checked, terminal),
            );
      writeOutput(output, document);
      const results = new Set(deployments.flatMap(({ checked }) => checked.map(({ result }) => result)));
      if (results.has('unknown')) process.exitCode = EXIT.failed;
      else if (results.has('rejected') || results.has('unsigned')) process.exitCode = EXIT.no;
    });
}
