import { Option } from '@commander-js/extra-typings';
import { examples } from '../examples.ts';
import { outputOption } from '../options.ts';
import type { Program } from '../program.ts';

/** `ess-airgap wiring`: prints the settings that make ESS use the manifests. */
export function addWiring(program: Program): void {
  program
    .command('wiring')
    .summary('print the settings for the ElementDeployment, the installer and the Helm values')
    .description(
      'Prints the settings that make ESS use the ConfigMap and the pull Secret, for the ElementDeployment, the GUI of the ' +
        'installer, and the Helm values of the operator and the updater. Nothing is changed.',
    )
    .option(
      '--helm <value=container>',
      'the component/container of a Helm value, such as operator.manager; can be repeated',
      (pair: string, before: string[]) => [...before, pair],
      [] as string[],
    )
    .addOption(
      new Option('-f, --format <format>', 'output format')
        .choices(['text', 'yaml', 'json'] as const)
        .default('text' as const),
    )
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples({
        'ess-airgap wiring': 'all settings, as text',
        'ess-airgap wiring --format yaml': 'for yq or your own template',
        'ess-airgap wiring --helm operator.manager=operator/manager': 'if your release has this container',
      }),
    )
    .action(async ({ helm, format, output }, command) => {
      const { productOf } = await import('../../plan/products/index.ts');
      const { readProjects } = await import('../configurations.ts');
      const { deploymentsJson, deploymentsText } = await import('../format/deployments.ts');
      const { renderYaml } = await import('../../common/yaml.ts');
      const { outputTerminal, writeOutput } = await import('../write-output.ts');
      const { assertNoErrors } = await import('../../plan/finding.ts');
      const deployments = readProjects(command.optsWithGlobals()).map(({ config, plan, place }) => {
        assertNoErrors(plan.findings);
        return { config, place, wiring: productOf(plan.release).wiring(plan, config, helm) };
      });
      const formats = {
        text: () => deploymentsText(deployments, outputTerminal(output), ({ wiring }) => wiring.text),
        yaml: () => deployments.map(({ wiring }) => renderYaml(wiring.value)).join('---\n'),
        json: () => deploymentsJson(deployments, ({ wiring }) => wiring.value),
      };
      writeOutput(output, formats[format]());
    });
}
