import { Option } from '@commander-js/extra-typings';
import type { Project } from '../../project.ts';
import type { VerdictWithArtifacts } from '../../registry/verify-artifacts.ts';
import { examples } from '../examples.ts';
import { EXIT } from '../exit.ts';
import { caOption, outputOption } from '../options.ts';
import type { Program } from '../program.ts';
import { Progress } from '../progress.ts';

interface Asked {
  readonly server: string;
  readonly verdicts: VerdictWithArtifacts[];
}

/** `ess-airgap verify`: checks that the registry has every image of the plan. */
export function addVerify(program: Program): void {
  program
    .command('verify')
    .summary('check that the registry has every image of the plan')
    .description(
      'Gets the digest of every tag of the plan from the registry that the nodes pull from, and compares it. Also checks that the ' +
        'signatures, attestations and SBOMs of the plan are in the registry and listed for their images. Logs in ' +
        'with the variables that airgap.yaml names if they are set, otherwise with the credentials of skopeo login or docker ' +
        'login. Exit code 1 if something is missing or different, 2 if the registry could not be read.',
    )
    .addOption(
      new Option('-f, --format <format>', 'output format; junit is for the test report of a pipeline')
        .choices(['table', 'json', 'junit'] as const)
        .default('table' as const),
    )
    .option('--push', 'check the server that the mirror pushes to (registry.pushServer)')
    .addOption(caOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples({
        'ess-airgap verify': 'before an upgrade',
        'ess-airgap verify --format json': 'for a script',
        'ess-airgap verify --format junit > verify.xml': 'for the test report of a pipeline',
        'ess-airgap verify --ca bank-ca.pem': 'a registry with a certificate of your own CA',
      }),
    )
    .action(async ({ format, push, ca, output }, command) => {
      const { withRegistries } = await import('../../registry/open.ts');
      const { verifyRelocations } = await import('../../registry/verify.ts');
      const { verifyArtifacts } = await import('../../registry/verify-artifacts.ts');
      const { checkLogins } = await import('../check-logins.ts');
      const { readProjects } = await import('../configurations.ts');
      const { deploymentsJson, deploymentsText } = await import('../format/deployments.ts');
      const { verdictsTable, verdictsValue, verdictsJUnit } = await import('../format/verdicts.ts');
      const { outputTerminal, writeOutput } = await import('../write-output.ts');

      const progress = new Progress(process.stderr);
      const deployments: (Pick<Project, 'config' | 'place'> & Asked)[] = [];
      for (const { config, plan, place } of readProjects(command.optsWithGlobals())) {
        const { registry } = config;
        const server = push ? (registry.pushServer ?? registry.server) : registry.server;
        const images = plan.relocations.map(({ target }) => ({ ...target, registry: server }));
        await checkLogins({ config, place, images }, process.env);
        let asked = 0;
        const { relocations } = plan;
        const verdicts = await withRegistries(
          config,
          { environment: process.env, caFile: ca },
          async (client) => {
            const found = await verifyRelocations(relocations, client, {
              server,
              onVerdict: () => progress.show(`${server}: ${++asked} of ${relocations.length} images checked`),
            });
            const having = relocations.filter(({ artifacts = [] }) => artifacts.length > 0).length;
            let checked = 0;
            return verifyArtifacts(relocations, found, client, {
              onImage: () =>
                progress.show(`${server}: artifacts of ${++checked} of ${having} images checked`),
            });
          },
        );
        deployments.push({ config, place, server, verdicts });
      }
      progress.clear();
      const terminal = outputTerminal(output);
      const formats = {
        table: () =>
          deploymentsText(deployments, terminal, ({ server, verdicts }) =>
            verdictsTable(server, verdicts, terminal),
          ),
        json: () => deploymentsJson(deployments, ({ server, verdicts }) => verdictsValue(server, verdicts)),
        junit: () => verdictsJUnit(deployments),
      };
      writeOutput(output, formats[format]());
      const results = new Set(
        deployments.flatMap(({ verdicts }) =>
          verdicts.flatMap(({ result, artifacts = [] }) => [result, ...artifacts.map((it) => it.result)]),
        ),
      );
      results.delete('present');
      if (results.has('unknown')) process.exitCode = EXIT.failed;
      else if (results.size > 0) process.exitCode = EXIT.no;
    });
}
