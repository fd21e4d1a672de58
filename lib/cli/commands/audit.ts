import { Option } from '@commander-js/extra-typings';
import { examples } from '../examples.ts';
import { EXIT } from '../exit.ts';
import { outputOption } from '../options.ts';
import type { Program } from '../program.ts';

/** `ess-airgap audit`: whether the cluster runs what the plan says. */
export function addAudit(program: Program): void {
  program
    .command('audit')
    .summary('whether the cluster runs what the plan says')
    .description(
      'Compares objects of a cluster, as kubectl prints them, or rendered manifests, with the plan. Pods and workloads: ' +
        'the image of each container, what each pod cannot pull, and why. ElementDeployment, ConfigMaps and Secrets: ' +
        'whether the deployment uses the override and the pull Secret; passwords are never printed. Asks no ' +
        'cluster by itself. Exit code 1 if something is not as planned.',
    )
    .argument('<file>', 'what kubectl get -o json or -o yaml prints; - is standard input')
    .addOption(
      new Option('-f, --format <format>', 'how to write it')
        .choices(['table', 'json', 'markdown'] as const)
        .default('table' as const),
    )
    .option(
      '-n, --namespace <name...>',
      'also look at these namespaces: those of the operator and the updater, for example',
    )
    .option(
      '--since <old>',
      'the previous release, whose images are still right: images_digests.yml or git:REV:path. Default: guard.since',
    )
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples({
        'kubectl get pods -A -o json | ess-airgap audit -': 'the images that run',
        'kubectl get elementdeployment,configmap,secret -n element-onprem -o json | ess-airgap audit -':
          'the wiring of the deployment',
        'helm template … | ess-airgap audit -': 'what a chart would run',
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
      const { InputError, startOf } = await import('../../input/problem.ts');
      const { config, plan } = readProject(command.optsWithGlobals(), 'audit');
      const name = file === '-' ? 'standard input' : file;
      const objects = readObjects(await readInput(file, 'what kubectl get -o json prints'), name);
      const previous = planPrevious(config, since);
      const audit = auditObjects(objects, plan, config, {
        ...(namespace && { namespaces: namespace }),
        ...(previous && { previous }),
      });
      if (audit.containers.length + audit.wiring.length === 0) {
        throw new InputError([
          {
            place: startOf(name),
            message: `none of the ${objects.length} objects is a pod, a workload or a part of the wiring in ${audit.namespaces.join(', ')}`,
            hint: 'Give it the pods of the deployment:',
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
