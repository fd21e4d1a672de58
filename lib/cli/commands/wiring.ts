import { examples } from '../examples.ts';
import type { Program } from '../program.ts';

/** `ess-airgap wiring`: what to enter where, so that ESS uses what was synthesised. */
export function addWiring(program: Program): void {
  program
    .command('wiring')
    .summary('what to enter in the ElementDeployment, the installer and the Helm values')
    .description(
      'What to enter where, so that ESS uses the ConfigMap and the pull Secret: the ElementDeployment, the GUI of the ' +
        'installer, the Helm values of the operator and the updater. Nothing is changed.',
    )
    .option(
      '--helm <value=container>',
      'which component/container is the image of a Helm value, such as operator.manager; repeat it for more',
      (pair: string, before: string[]) => [...before, pair],
      [] as string[],
    )
    .addHelpText(
      'after',
      examples({
        'ess-airgap wiring': 'what to enter where',
        'ess-airgap wiring --helm operator.manager=operator/manager': 'if that is its name in your release',
      }),
    )
    .action(async ({ helm }, command) => {
      const { loadProject } = await import('../../project.ts');
      const { productOf } = await import('../../plan/products/index.ts');
      const { refuseErrors } = await import('../../plan/finding.ts');
      const { config, plan } = loadProject(command.optsWithGlobals().config);
      refuseErrors(plan.findings);
      process.stdout.write(productOf(plan.release).wiringText(plan, config, helm));
    });
}
