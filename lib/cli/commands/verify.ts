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
      'Asks the registry that the nodes pull from whether every tag of the plan is there and has its digest. Logs in ' +
        'with what airgap.yaml takes from the environment, where that is set, or else with what skopeo login or ' +
        'docker login left. Exit code 1 where an image is missing or another one, 2 where the registry gives no answer.',
    )
    .addOption(
      new Option('-f, --format <format>', 'how to write it')
        .choices(['table', 'json'] as const)
        .default('table' as const),
    )
    .option('--push', 'ask the server that the mirror pushes to (registry.pushServer)')
    .addOption(caOption())
    .addHelpText(
      'after',
      examples({
        'ess-airgap verify': 'before an upgrade',
        'ess-airgap verify --format json': 'for a script',
        'ess-airgap verify --ca bank-ca.pem': 'a registry with a certificate of your own authority',
      }),
    )
    .action(async ({ format, push, ca }, command) => {
      const { loadProject } = await import('../../project.ts');
      const { withRegistries } = await import('../../registry/open.ts');
      const { verifyRelocations } = await import('../../registry/verify.ts');
      const { verdictsTable, verdictsJson } = await import('../format/verdicts.ts');
      const { config, plan } = loadProject(command.optsWithGlobals().config);
      const server = push ? (config.registry.pushServer ?? config.registry.server) : config.registry.server;
      const progress = new Progress(process.stderr);
      let asked = 0;
      const verdicts = await withRegistries(config, { environment: process.env, caFile: ca }, (client) =>
        verifyRelocations(plan.relocations, client, {
          server,
          onVerdict: () =>
            progress.show(`${server}: ${++asked} of ${plan.relocations.length} images asked for`),
        }),
      );
      progress.clear();
      process.stdout.write(
        format === 'json'
          ? verdictsJson(server, verdicts)
          : verdictsTable(server, verdicts, terminalOf(process.stdout)),
      );
      if (verdicts.some(({ result }) => result === 'unknown')) process.exitCode = EXIT.failed;
      else if (verdicts.some(({ result }) => result !== 'present')) process.exitCode = EXIT.no;
    });
}
