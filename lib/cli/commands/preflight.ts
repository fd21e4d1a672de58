import type { Answer } from '../../preflight/answer.ts';
import type { Observation } from '../../preflight/observation.ts';
import type { Project } from '../../project.ts';
import { examples } from '../examples.ts';
import { EXIT } from '../exit.ts';
import { caOption, formatOption, outputOption } from '../options.ts';
import type { Program } from '../program.ts';
import { Progress } from '../progress.ts';

interface Asked {
  readonly answers: readonly Answer[];
  readonly copySize: Observation['size'];
}

/** `ess-airgap preflight`: checks that a copy of the plan would succeed. */
export function addPreflight(program: Program): void {
  program
    .command('preflight')
    .summary('check that a copy of the images would succeed')
    .description(
      'Checks every registry of the plan before anything is copied: its name, its certificate, the login, the images, ' +
        'the permission to push, the remaining pulls, and the size of the copy. Starts an upload in the target and ' +
        'cancels it, so nothing is stored there. Logs in with the variables that airgap.yaml names if they are set, ' +
        'otherwise with the credentials of skopeo login or docker login. Exit code 1 if the copy would fail.',
    )
    .addOption(formatOption())
    .option('--probe-push', 'push a small test image to each project of the target and delete it')
    .option('--no-size', 'do not read the manifests to compute the size of the copy')
    .addOption(caOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples({
        'ess-airgap preflight': 'before you apply the Job or run ess-airgap mirror',
        'ess-airgap preflight --probe-push':
          'if the registry may reject nested paths or an index with missing platforms',
        'ess-airgap preflight --format json': 'for a script',
      }),
    )
    .action(async ({ format, probePush, size, ca, output }, command) => {
      const { readProjects } = await import('../configurations.ts');
      const { assertNoErrors } = await import('../../plan/finding.ts');
      const { observe } = await import('../../preflight/observe.ts');
      const { judge } = await import('../../preflight/judge.ts');
      const { wouldFail } = await import('../../preflight/answer.ts');
      const { deploymentsJson, deploymentsText } = await import('../format/deployments.ts');
      const { answersValue, formatAnswers } = await import('../format/preflight.ts');
      const { outputTerminal, writeOutput } = await import('../write-output.ts');
      const projects = readProjects(command.optsWithGlobals());
      assertNoErrors(projects.flatMap(({ plan }) => plan.findings));
      const progress = new Progress(process.stderr);
      const deployments: (Pick<Project, 'config' | 'place'> & Asked)[] = [];
      for (const { config, plan, place } of projects) {
        const observation = await observe({
          plan,
          config,
          environment: process.env,
          size,
          ...(probePush && { probePush }),
          ...(ca && { caFile: ca }),
          onProgress: (text) => progress.show(text),
        });
        deployments.push({
          config,
          place,
          answers: judge(observation, plan, config),
          copySize: observation.size,
        });
      }
      progress.clear();
      const terminal = outputTerminal(output);
      const formats = {
        text: () => deploymentsText(deployments, terminal, ({ answers }) => formatAnswers(answers, terminal)),
        json: () => deploymentsJson(deployments, ({ answers, copySize }) => answersValue(answers, copySize)),
      };
      writeOutput(output, formats[format]());
      if (deployments.some(({ answers }) => wouldFail(answers))) process.exitCode = EXIT.no;
    });
}
