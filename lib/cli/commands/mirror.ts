import type { Layers } from '../../mirror/plan-file.ts';
import type { LayersOptions } from '../../preflight/layers.ts';
import type { ObserveOptions } from '../../preflight/observe.ts';
import { assertPushable } from '../assert-pushable.ts';
import { examples } from '../examples.ts';
import { EXIT } from '../exit.ts';
import { caOption, formatOption } from '../options.ts';
import type { Program } from '../program.ts';
import { Progress } from '../progress.ts';
import { terminalOf } from '../terminal.ts';

/** `ess-airgap mirror`: runs the Job's mirror.sh on this machine. */
export function addMirror(program: Program): void {
  program
    .command('mirror')
    .summary('copy the images of the plan with the skopeo of this machine')
    .description(
      'Runs the mirror.sh of the Job on this machine, which must reach both the sources and the registry. Needs ' +
        'skopeo. Logs in with the credentials that mirror.auth reads from the environment if they are set, otherwise with those of ' +
        'skopeo login or docker login. Exit code 1 if an image could not be copied.',
    )
    .option('--dry-run', 'print what would be copied, without contacting a registry')
    .option('--no-preflight', 'start without checking the servers first')
    .option('--sizes', 'read the manifests first, to show progress in bytes and to transfer each layer once')
    .addOption(formatOption())
    .addOption(caOption())
    .addHelpText(
      'after',
      examples({
        'ess-airgap mirror --dry-run': 'print the sources and targets',
        'ess-airgap mirror': 'copy the images; those in the registry with their digest are skipped',
      }),
    )
    .action(async ({ dryRun, preflight, sizes, format, ca }, command) => {
      const { readProject } = await import('../configurations.ts');
      const { assertNoErrors } = await import('../../plan/finding.ts');
      const { jsonText } = await import('../format/json.ts');
      const { formatCopies } = await import('../format/copies.ts');
      const { config, plan, place } = readProject(command.optsWithGlobals(), 'mirror');
      assertNoErrors(plan.findings);
      assertPushable(config);
      if (dryRun) {
        process.stdout.write(format === 'json' ? jsonText(plan.relocations) : formatCopies(plan.relocations));
        return;
      }
      const { mirrorLocally } = await import('../../mirror/local-mirror.ts');
      const { readGivenLogins, withoutLogins } = await import('../../credentials/logins.ts');
      const { trustedCertificates } = await import('../../registry/trust.ts');
      const { checkLogins } = await import('../check-logins.ts');
      const { showScript } = await import('../show-script.ts');
      const images = plan.relocations.flatMap(({ source, target }) => (source ? [source, target] : [target]));
      await checkLogins({ config, place, images, usedBy: 'mirror' }, process.env);
      if (
        preflight &&
        !(await canStart({ plan, config, environment: process.env, ...(ca && { caFile: ca }) }))
      ) {
        process.exitCode = EXIT.no;
        return;
      }
      const environment = withoutLogins(config, process.env);
      const logins = readGivenLogins(config, process.env, { usedBy: 'mirror' });
      const certificates = ca && trustedCertificates(environment, ca).join('\n');
      const layers =
        sizes && (await layersOf({ plan, config, environment: process.env, ...(ca && { caFile: ca }) }));
      await showScript(format, (show) =>
        mirrorLocally({
          plan,
          config,
          logins,
          environment,
          ...(certificates && { certificates }),
          ...(layers && { layers }),
          // A live block moves.
          ...(process.stderr.isTTY && { progressSeconds: 1 }),
          ...show,
        }),
      );
    });
}

async function layersOf(options: LayersOptions): Promise<Layers> {
  const { readLayers } = await import('../../preflight/layers.ts');
  const progress = new Progress(process.stderr);
  const layers = await readLayers({ ...options, onProgress: (text) => progress.show(text) });
  progress.clear();
  return layers;
}

/** Runs the short preflight and prints its problems on standard error. Returns whether the copy can start. */
async function canStart(options: ObserveOptions): Promise<boolean> {
  const { shortPreflight } = await import('../../preflight/short.ts');
  const { formatAnswer } = await import('../format/preflight.ts');
  const { problems, blocks } = await shortPreflight(options);
  const terminal = terminalOf(process.stderr);
  for (const problem of problems) process.stderr.write(formatAnswer(problem, terminal));
  if (blocks) {
    process.stderr.write(
      'Nothing was copied. Run ess-airgap preflight for details, or ess-airgap mirror --no-preflight to copy anyway.\n',
    );
  }
  return !blocks;
}
