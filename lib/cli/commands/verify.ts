import { Option } from '@commander-js/extra-typings';
import { examples } from '../examples.ts';
import { EXIT } from '../exit.ts';
import { caOption } from '../options.ts';
import type { Program } from '../program.ts';
import { Progress } from '../progress.ts';
import { terminalOf } from '../terminal.ts';

/** `ess-airgap verify`: whether the registry has every image of the plan. */
export function addVerify(program: Program): void {
  program
    .command('verify')
    .summary('whether the registry has every image of the plan')
    .description(
      'Asks the registry that the nodes pull from for every tag of the plan, and compares its digest. Logs in with ' +
        'the variables that airgap.yaml names, if they are set, or else with what skopeo login or docker login ' +
        'left. Exit code 1 if an image is missing or different, 2 if the registry gives no answer about one.',
    )
    .addOption(
      new Option(
        '-f, --format <format>',
        'how to write the result; junit is for the test report of a pipeline',
      )
        .choices(['table', 'json', 'junit'] as const)
        .default('table' as const),
    )
    .option('--push', 'ask the server that the mirror pushes to (registry.pushServer)')
    .addOption(caOption())
    .addHelpText(
      'after',
      examples({
        'ess-airgap verify': 'before an upgrade',
        'ess-airgap verify --format json': 'for a script',
        'ess-airgap verify --format junit > verify.xml': 'for the test report of a pipeline',
        'ess-airgap verify --ca bank-ca.pem': 'a registry with a certificate of your own authority',
      }),
    )
    .action(async ({ format, push, ca }, command) => {
      const { loadProject } = await import('../../project.ts');
      const { withRegistries } = await import('../../registry/open.ts');
      const { verifyRelocations } = await import('../../registry/verify.ts');
      const { verdictsTable, verdictsJson, verdictsJUnit } = await import('../format/verdicts.ts');
      const { config, plan, place } = loadProject(command.optsWithGlobals().config);
      const server = push ? (config.registry.pushServer ?? config.registry.server) : config.registry.server;
      const { checkLogins } = await import('../check-logins.ts');
      const images = plan.relocations.map(({ target }) => ({ ...target, registry: server }));
      await checkLogins({ config, place, images }, process.env);
      const progress = new Progress(process.stderr);
      let asked = 0;
      const verdicts = await withRegistries(config, { environment: process.env, caFile: ca }, (client) =>
        verifyRelocations(plan.relocations, client, {
          server,
          onVerdict: () =>
            progress.show(`${server}: ${++asked} of ${plan.relocations.length} images checked`),
        }),
      );
      progress.clear();
      const formats = {
        table: () => verdictsTable(server, verdicts, terminalOf(process.stdout)),
        json: () => verdictsJson(server, verdicts),
        junit: () => verdictsJUnit(server, verdicts),
      };
      process.stdout.write(formats[format]());
      if (verdicts.some(({ result }) => result === 'unknown')) process.exitCode = EXIT.failed;
      else if (verdicts.some(({ result }) => result !== 'present')) process.exitCode = EXIT.no;
    });
}
