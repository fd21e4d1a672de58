import { groupBy } from '../../common/collections.ts';
import { count, few } from '../../common/text.ts';
import { containerName } from '../../digests/container-image.ts';
import {
  canonicalName,
  formatReference,
  type ImageReference,
  invalidLabelValueReason,
  invalidRepositoryReason,
  invalidTagReason,
  repositoryName,
} from '../../image/reference.ts';
import { type Finding, finding } from '../finding.ts';
import type { Relocation } from '../model.ts';
import { productOf } from '../products/index.ts';
import type { Checked } from './checked.ts';

/** Checks for names that the registry or Kubernetes would reject. */
export function checkTargets({ resolved, images, config, place }: Checked): Finding[] {
  const findings: Finding[] = [];
  const overridden = resolved.filter(({ treatment }) => treatment === 'override').length;
  if (overridden === 0) {
    const copied = config.copyOnly.length > 0;
    findings.push(
      finding('nothing-overridden', {
        place: place?.(copied ? 'copyOnly' : 'exclude'),
        message: `the ConfigMap would be empty: ${copied ? 'exclude and copyOnly match' : 'exclude matches'} all ${count(images.length, 'container')} of the release`,
        hint: 'Use globs that match fewer containers.',
      }),
    );
  }
  for (const { image, target } of resolved) {
    const illegal = (message: string): void => {
      findings.push(
        finding('target-illegal', {
          place: image.place,
          message: `${containerName(image)} would become ${formatReference(target)}: ${message}`,
          hint: 'Set its repository in overrides, or change rules, registry.layout or registry.path.',
        }),
      );
    };
    const wrong = invalidRepositoryReason(target.repository);
    if (wrong) illegal(`the repository is not valid: ${wrong}`);
    const hosts = new Set([target.registry, config.registry.server]);
    for (const host of hosts) {
      const { length } = `${host}/${target.repository}`;
      if (length > 255)
        illegal(`${host}/${target.repository} has ${length} characters; expected at most 255`);
    }
    const wrongTag = invalidTagReason(target.tag) ?? invalidLabelValueReason(target.tag);
    if (wrongTag) illegal(`the tag is not valid: ${wrongTag}`);
  }
  return findings;
}

/** Checks for images whose target is their source: the override would name upstream, and the Job would push there. */
export function checkSources({ relocations, resolved, config, place }: Checked): Finding[] {
  const { server, pushServer } = config.registry;
  const ownSource = new Set(
    resolved
      .filter(({ image }) => config.overrides[containerName(image)]?.source !== undefined)
      .map(({ image }) => containerName(image)),
  );
  const same = relocations.filter(({ source, target, containers }) => {
    if (!source) return false;
    // A source in overrides may be another tag of the same repository.
    if (containers.every((name) => ownSource.has(name)) && source.tag !== target.tag) return false;
    const names = [target.registry, server].map((registry) => hubName({ ...target, registry }));
    return names.includes(hubName(source));
  });
  if (same.length === 0) return [];
  const key =
    pushServer !== undefined && same.every(({ source }) => source?.registry !== server)
      ? 'pushServer'
      : 'server';
  return [
    finding('target-is-source', {
      place: place?.('registry', key),
      message: `${count(same.length, 'image')} would be copied to ${same.length === 1 ? 'its' : 'their'} source: ${few(same.map(({ source }) => formatReference(source as ImageReference)))}`,
      hint: `Set registry.${key} to your own registry. If the release uses that registry too, set registry.path to a path of your own.`,
    }),
  ];
}

/** Returns the full name of a repository; Docker Hub has several host names. */
function hubName({ registry, repository }: ImageReference): string {
  const host = registry.toLowerCase().replace(/:443$/, '');
  const name = canonicalName(host === 'registry-1.docker.io' ? 'docker.io' : host, repository);
  return `${name.registry}/${name.repository}`;
}

/** Checks for different images with the same target: the one that is copied last would replace the others. */
export function checkCollisions({ relocations }: Checked): Finding[] {
  const byTarget = groupBy(relocations, ({ target }) => `${repositoryName(target)}:${target.tag}`);
  return [...byTarget].flatMap(([name, group]) => {
    const identities = new Set(group.map(identity));
    if (identities.size < 2) return [];
    const images = group.map(
      ({ source, target, containers }) => `${formatReference(source ?? target)} (${containers.join(', ')})`,
    );
    return finding('target-collision', {
      message: `${group.length} different images have the target ${name}: ${images.join(' and ')}`,
      hint: 'Give them different names: use layout preserve or by-server, a rule for one of them, or a tag in overrides.',
    });
  });
}

/**
 * Two images are the same if they have the same digest (or source, if there is none) and the same platforms are
 * copied.
 */
function identity({ source, target, platforms }: Relocation): string {
  return `${target.digest ?? (source ? formatReference(source) : 'own')} ${platforms ?? 'all'}`;
}

/**
 * Checks the size of the ConfigMap: at most 1 MiB. `kubectl apply` stores a copy in an annotation; annotations have
 * at most 256 KiB together.
 */
export function checkSize({ plan, config, place }: Checked): Finding[] {
  const product = productOf(plan.release);
  if (!product.hasConfigMap(config)) return [];
  const bytes = Buffer.byteLength(product.renderOverride(plan));
  const message = `the override for ${count(plan.overrides.length, 'container')} has ${bytes} bytes`;
  const at = place?.('configMap') ?? place?.('digests');
  if (bytes > 1024 * 1024) {
    const hint =
      'A ConfigMap has at most 1048576 bytes, and ESS reads only one. Exclude containers that you do not deploy.';
    return [finding('config-map-too-large', { place: at, message, hint })];
  }
  if (bytes <= 256 * 1024) return [];
  const hint =
    'Above 262144 bytes it must be applied with server-side apply, as in the steps that synth prints.';
  return [finding('config-map-large', { place: at, message, hint })];
}
