import { Option } from '@commander-js/extra-typings';
import { examples } from '../examples.ts';
import { EXIT } from '../exit.ts';
import { outputOption } from '../options.ts';
import type { Program } from '../program.ts';

/** `ess-airgap audit`: checks whether the cluster runs the images of the plan. */
export function addAudit(program: Program): void {
  program
    .command('audit')
    .summary('check that the cluster runs the images of the plan')
    .description(
      'Compares objects that kubectl prints, or rendered manifests, with the plan. Pods and workloads: ' +
        'the image of each container, and why a pod cannot pull an image. ElementDeployment, ConfigMaps and Secrets: ' +
        'whether the deployment uses the override and the pull Secret. Passwords are never printed. Does not contact a ' +
        'cluster. Exit code 1 if something is not as planned.',
    )
    .argument('<file>', 'output of kubectl get -o json or -o yaml; - for standard input')
    .addOption(
      new Option('-f, --format <format>', 'output format')
        .choices(['table', 'json', 'markdown'] as const)
        .default('table' as const),
    )
    .option(
      '-n, --namespace <name...>',
      'also audit these namespaces, such as those of the operator and the updater',
    )
    .option(
      '--since <old>',
      'the previous release, whose images are still allowed: images_digests.yml or git:REV:path (default: guard.since)',
    )
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples({
        'kubectl get pods -A -o json | ess-airgap audit -': 'audit the running images',
        'kubectl get elementdeployment,configmap,secret -n element-onprem -o json | ess-airgap audit -':
          'audit the wiring of the deployment',
        'helm template … | ess-airgap audit -': 'audit the images of a chart',
      }),
    )
    .action(async (file, { format, namespace, since, output }, command) => {
      const { planPrevious } = await import('../../project.ts');
      const { readProject } = await import('../configurations.ts');
      const { outputTerminal, writeOutput } = await import('../write-output.ts');
      const { readObjects } = await import('../../audit/objects.ts');
      const { auditObjects } = await import('../../audit/audit.ts');
      const { readInput } = await import('../read-input.ts');
      const { auditJson, auditMarkdown, auditTable } = await import('../format/audit.ts');
      const { count } = await import('../../common/text.ts');
      const { InputError, startOf } = await import('../../input/problem.ts');
      const { config, plan } = readProject(command.optsWithGlobals(), 'audit');
      const name = file === '-' ? 'standard input' : file;
      const objects = readObjects(await readInput(file, 'the output of kubectl get -o json'), name);
      const previous = planPrevious(config, since);
      const audit = auditObjects(objects, plan, config, {
        ...(namespace && { namespaces: namespace }),
        ...(previous && { previous }),
      });
      if (audit.containers.length + audit.wiring.length === 0) {
        throw new InputError([
          {
            place: startOf(name),
            message: `the input (${count(objects.length, 'object')}) has no pod, workload or part of the wiring in ${audit.namespaces.join(', ')}`,
            hint: 'To audit the pods of the deployment:',
            command: `kubectl get pods -n ${config.namespace} -o json | ess-airgap audit -`,
          },
        ]);
      }
      const formats = {
        table: () => auditTable(audit, outputTerminal(output)),
        json: () => auditJson(audit),
        markdown: () => auditMarkdown(audit),
      };
      writeOutput(output, formats[format]());
      if (!audit.asPlanned) process.exitCode = EXIT.no;
    });
}
