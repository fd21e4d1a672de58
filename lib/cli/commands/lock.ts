import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { examples } from '../examples.ts';
import { EXIT } from '../exit.ts';
import { caOption } from '../options.ts';
import type { Program } from '../program.ts';
import { Progress } from '../progress.ts';
import { terminalOf } from '../terminal.ts';

/** `ess-airgap lock`: writes the digests of a release. */
export function addLock(program: Program): void {
  program
    .command('lock')
    .summary('write the digests of a chart, or of a release without digests')
    .description(
      'Finds the images of the ESS Helm chart, gets the digest of each tag from its registry, and writes a digests file ' +
        'that the other commands read. It also adds missing digests to a digests file, and updates one that lock ' +
        'wrote. With verify in airgap.yaml, it also checks and records the signatures of the images. Must reach ' +
        'the upstream registries. If a digest cannot be found or a signature is not accepted, nothing is written.',
    )
    .argument(
      '<chart>',
      'oci://registry/repository:version, a .tgz, a folder, a values.yaml, or a digests file',
    )
    .option(
      '--values <file>',
      'your Helm values file; repeat it in the order of helm -f (default: helm.values of airgap.yaml)',
      (file: string, before: string[] | undefined) => [...(before ?? []), file],
      undefined as string[] | undefined,
    )
    .option('--chart-version <version>', 'the version of the chart, required for a values.yaml alone')
    .option(
      '-o, --output <file>',
      'write the digests file here and print what changed (default: standard output)',
    )
    .option(
      '--no-artifacts',
      'do not look for signatures, attestations and SBOMs (default: look for them unless mirror.artifacts is none)',
    )
    .option(
      '--sizes',
      'write the sizes of layers too, from which the Job knows bytes and time left; default: if the file has them',
    )
    .option('--no-sizes', 'do not')
    .option('--check', 'write nothing; exit code 1 if the digests file is not up to date')
    .addOption(caOption())
    .addHelpText(
      'after',
      examples({
        'ess-airgap lock oci://ghcr.io/element-hq/ess-helm/matrix-stack:26.8.1 -o images_digests.yml':
          'lock the chart in its registry',
        'ess-airgap lock values.yaml --chart-version 26.8.1 --values my-values.yaml -o images_digests.yml':
          'lock the output of helm show values with your values',
        'ess-airgap lock images_digests.yml --check': 'check which tags have changed since',
      }),
    )
    .action(async (source, { values, chartVersion, output, check, artifacts: wanted, sizes, ca }) => {
      const { readRelease } = await import('../../digests/read.ts');
      const { InputError } = await import('../../input/problem.ts');
      const { lockRelease } = await import('../../lock/lock.ts');
      const { isDigestsFile, readLockInput } = await import('../../lock/read.ts');
      const { renderLock } = await import('../../lock/render.ts');
      const { writeWhole } = await import('../write-output.ts');
      const { withRegistries } = await import('../../registry/open.ts');
      const { checkLogins } = await import('../check-logins.ts');
      const { readOptionalConfig } = await import('../configurations.ts');
      const { lockChanges, lockSummary, unresolvedText } = await import('../format/lock.ts');
      const { goneText, undiscoveredText } = await import('../format/lock-artifacts.ts');
      const { unverifiedText, verifiedSummary } = await import('../format/lock-signatures.ts');
      const { imagesWithArtifacts } = await import('../../lock/artifact-images.ts');
      const { discoverArtifacts } = await import('../../lock/discover.ts');
      const { imagesWithLayers, readLayerSizes } = await import('../../lock/layers.ts');
      const { rememberManifests } = await import('../../lock/remember-manifests.ts');

      const compared = output ?? (check && isDigestsFile(source) ? source : undefined);
      if (check && compared === undefined) {
        throw new InputError([
          {
            message: '--check needs a digests file to compare with',
            hint: 'Add --output images_digests.yml. The file is not changed.',
          },
        ]);
      }
      const before = compared !== undefined && existsSync(compared) ? readRelease(compared) : undefined;
      const { config, place } = readOptionalConfig(program.opts(), 'lock') ?? {};
      const folder = config?.folder ?? '';
      const own = isDigestsFile(source) ? [] : (config?.helm?.values ?? []);
      const files = values ?? own.map((file) => (isAbsolute(file) ? file : join(folder, file)));
      const local = config
        ? [config.registry.server, config.registry.pushServer ?? config.registry.server]
        : [];
      const trusted = config?.verify && (await import('../../signatures/trusted.ts')).readTrusted(config);
      const progress = new Progress(process.stderr);
      const {
        release: locked,
        unresolved,
        discovery,
        layers,
        checked,
      } = await withRegistries(config, { environment: process.env, caFile: ca }, async (client) => {
        const input = await readLockInput({ source, values: files, chartVersion }, client);
        const upstream = input.images
          .map(({ image }) => image)
          .filter(({ registry }) => !local.includes(registry));
        if (config) await checkLogins({ config, place, images: upstream }, process.env);
        const registries = rememberManifests(client);
        const locked = await lockRelease(input, registries, local, (done, total) =>
          progress.show(`${done} of ${total} tags resolved`),
        );
        const images = wanted && locked.release && imagesWithArtifacts(locked.release, config);
        const discovery = images
          ? await discoverArtifacts(images, registries, (done, total) =>
              progress.show(`signatures and attestations of ${done} of ${total} images`),
            )
          : undefined;
        const layers =
          locked.release && (sizes ?? (before?.layers?.size ?? 0) > 0)
            ? await readLayerSizes(imagesWithLayers(locked.release, config), registries, (done, total) =>
                progress.show(`sizes of ${done} of ${total} images`),
              )
            : new Map();
        if (!config || !trusted || !locked.release)
          return { ...locked, discovery, layers, checked: undefined };
        const { checkRelease } = await import('../../signatures/check-release.ts');
        const checked = await checkRelease(locked.release, config, client, trusted, (done, total) =>
          progress.show(`signatures of ${done} of ${total} images checked`),
        );
        return { ...locked, discovery, layers, checked };
      });
      progress.clear();
      if (!locked) {
        process.stderr.write(unresolvedText(unresolved));
        const missing = unresolved.every(({ resolution }) => resolution.result === 'missing');
        process.exitCode = missing ? EXIT.no : EXIT.failed;
        return;
      }
      if (discovery && discovery.failed.length > 0) {
        process.stderr.write(undiscoveredText(discovery.failed));
        process.exitCode = EXIT.failed;
        return;
      }
      if (discovery && discovery.gone.length > 0) process.stderr.write(goneText(discovery.gone));
      const unverified =
        checked?.filter(({ result }) => result !== 'verified' && result !== 'no-policy') ?? [];
      if (unverified.length > 0) {
        process.stderr.write(unverifiedText(unverified));
        process.exitCode = unverified.some(({ result }) => result === 'unknown') ? EXIT.failed : EXIT.no;
        return;
      }
      const release = {
        ...locked,
        artifacts: discovery?.artifacts ?? new Map(),
        layers,
        signatures: checked
          ? (await import('../../signatures/check-release.ts')).recordSignatures(checked)
          : new Map(),
      };
      const text = renderLock(release);
      if (compared === undefined) {
        process.stdout.write(text);
        process.stderr.write(`${lockSummary(release)}${verifiedSummary(checked)}\n`);
        return;
      }
      const changes = before ? lockChanges(before, release, terminalOf(process.stdout).colors) : [];
      const upToDate = before !== undefined && changes.length === 0;
      const lines = [
        `${lockSummary(release)}${verifiedSummary(checked)}`,
        ...(changes.length > 0 ? [`Changed since ${compared} was written:`, ...changes] : []),
        check
          ? `${compared} is ${upToDate ? '' : 'not '}up to date.`
          : `${compared} ${upToDate ? 'is unchanged' : 'was written'}.`,
      ];
      if (!check && !upToDate) writeWhole(compared, text);
      process.stdout.write(`${lines.join('\n')}\n`);
      if (check && !upToDate) process.exitCode = EXIT.no;
    });
}
