import type { ConfigPlace } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { type ContainerImage, containerName } from '../digests/container-image.ts';
import {
  formatReference,
  repositoryName,
  whyNoLabelValue,
  whyNoRepository,
  whyNoTag,
} from '../image/reference.ts';
import { globMatcher } from '../input/glob.ts';
import type { Place } from '../input/problem.ts';
import { checkCredentials, checkMirror } from './checks-mirror.ts';
import { checkSecrets } from './checks-secrets.ts';
import { type Finding, type FindingCode, finding } from './finding.ts';
import type { Layout } from './layout.ts';
import { renderOverrides } from './override-yaml.ts';
import type { Relocation, ResolvedContainer } from './plan.ts';
import { PROFILES } from './profiles.ts';

/** Everything that the checks look at. */
export interface Checked {
  readonly images: readonly ContainerImage[];
  readonly excluded: readonly ContainerImage[];
  readonly resolved: readonly ResolvedContainer[];
  readonly relocations: readonly Relocation[];
  readonly layout: Layout;
  readonly config: Config;
  readonly place?: ConfigPlace;
}

/** All findings about a plan: errors first, then as the checks stand here. */
export function checkPlan(checked: Checked): Finding[] {
  const findings = [
    ...checkTargets(checked),
    ...checkCollisions(checked),
    ...checkSize(checked),
    ...checkUnmatched(checked),
    ...checkExcluded(checked),
    ...checkDigests(checked),
    ...checkPullThrough(checked),
    ...checkProfile(checked),
    ...checkCredentials(checked),
    ...checkMirror(checked),
    ...checkSecrets(checked),
  ];
  const rank = { error: 0, warning: 1, note: 2 };
  return findings.sort((a, b) => rank[a.severity] - rank[b.severity]);
}

/** Names that the registry or Kubernetes would refuse; the longest name is 255 characters with its host. */
function checkTargets({ resolved, images, config, place }: Checked): Finding[] {
  const findings: Finding[] = [];
  if (resolved.length === 0) {
    findings.push(
      finding('nothing-overridden', {
        place: place?.('exclude'),
        message: `all ${images.length} containers are excluded: the ConfigMap would be empty`,
        hint: 'Exclude less.',
      }),
    );
  }
  for (const { image, target } of resolved) {
    const illegal = (message: string): void => {
      findings.push(
        finding('target-illegal', {
          place: image.place,
          message: `${containerName(image)} would become ${formatReference(target)}: ${message}`,
          hint: 'Give it a name of its own in overrides, or change rules, layout or path.',
        }),
      );
    };
    const wrong = whyNoRepository(target.repository);
    if (wrong) illegal(`the repository is not legal: ${wrong}`);
    const hosts = new Set([target.registry, config.registry.server]);
    for (const host of hosts) {
      const { length } = `${host}/${target.repository}`;
      if (length > 255)
        illegal(`${host}/${target.repository} has ${length} characters; a name has 255 at most`);
    }
    const wrongTag = whyNoTag(target.tag) ?? whyNoLabelValue(target.tag);
    if (wrongTag) illegal(`the tag is not legal: ${wrongTag}`);
  }
  return findings;
}

/** Two different images at one target tag: the one that is copied last would win, and run in both places. */
function checkCollisions({ relocations }: Checked): Finding[] {
  const byTarget = new Map<string, Relocation[]>();
  for (const relocation of relocations) {
    const name = `${repositoryName(relocation.target)}:${relocation.target.tag}`;
    byTarget.set(name, [...(byTarget.get(name) ?? []), relocation]);
  }
  return [...byTarget].flatMap(([name, group]) => {
    const identities = new Set(group.map(identity));
    if (identities.size < 2) return [];
    const images = group.map(
      ({ source, target, containers }) => `${formatReference(source ?? target)} (${containers.join(', ')})`,
    );
    return finding('target-collision', {
      message: `${group.length} different images meet at ${name}: ${images.join(' and ')}`,
      hint: 'Keep them apart: layout preserve or by-server, a rule for one of them, or a tag in overrides.',
    });
  });
}

/** What makes two images the same: the digest, or else the very source; and how much of it is copied. */
function identity({ source, target, platforms }: Relocation): string {
  return `${target.digest ?? (source ? formatReference(source) : 'own')} ${platforms ?? 'all'}`;
}

/** A ConfigMap holds 1 MiB; `kubectl apply` keeps a copy in an annotation, and these hold 256 KiB together. */
function checkSize({ resolved, place }: Checked): Finding[] {
  const bytes = Buffer.byteLength(renderOverrides(resolved.map(({ override }) => override)));
  const message = `the override for ${resolved.length} containers has ${bytes} bytes`;
  const at = place?.('configMap') ?? place?.('digests');
  if (bytes > 1024 * 1024) {
    const hint = 'A ConfigMap holds 1048576 at most, and ESS reads only one: exclude what you do not deploy.';
    return [finding('config-map-too-large', { place: at, message, hint })];
  }
  if (bytes <= 256 * 1024) return [];
  const hint = 'Above 262144, kubectl apply refuses it: use kubectl apply --server-side.';
  return [finding('config-map-large', { place: at, message, hint })];
}

/** Parts of the configuration that nothing answers to: a typing error, or a container that a release dropped. */
function checkUnmatched({ images, excluded, layout, config, place }: Checked): Finding[] {
  const findings: Finding[] = [];
  const unmatched = (
    code: FindingCode,
    path: readonly PropertyKey[],
    message: string,
    hint: string,
  ): void => {
    findings.push(finding(code, { place: place?.(...path), message, hint }));
  };
  config.exclude.forEach((glob, index) => {
    const matches = globMatcher(glob);
    if (images.some((image) => matches(image.component) || matches(containerName(image)))) return;
    unmatched(
      'exclude-unmatched',
      ['exclude', index],
      `exclude "${glob}" matches no component and no container`,
      'Remove it, or mend it: component, or component/container, as in the digests file.',
    );
  });
  const winning = new Set(images.map(({ image }) => layout.ruleFor(image)));
  config.rules.forEach(({ match }, index) => {
    if (winning.has(index)) return;
    const shadowed = images.some(({ image }) => layout.fits(index, image));
    unmatched(
      'rule-unmatched',
      ['rules', index, 'match'],
      shadowed ? `rule "${match}" never wins: an earlier rule does` : `rule "${match}" matches no image`,
      shadowed ? 'Move it up, or remove it.' : 'A rule matches upstream server/repository, without tag.',
    );
  });
  const names = new Set(images.map(containerName));
  const excludedNames = new Set(excluded.map(containerName));
  for (const name of Object.keys(config.overrides)) {
    if (names.has(name) && !excludedNames.has(name)) continue;
    const [found, hint] = excludedNames.has(name)
      ? ['names a container that exclude leaves alone', 'Remove it, or do not exclude the container.']
      : [
          'names no container of the digests file',
          'Write component/container as in the digests file, or remove it.',
        ];
    unmatched('override-unmatched', ['overrides', name], `override "${name}" ${found}`, hint);
  }
  return findings;
}

/** An excluded container runs from the internet unless somebody else takes care of it. */
function checkExcluded({ excluded, resolved }: Checked): Finding[] {
  const kept = new Set(resolved.map(({ image }) => image.component));
  const byComponent = new Map<string, ContainerImage[]>();
  for (const image of excluded)
    byComponent.set(image.component, [...(byComponent.get(image.component) ?? []), image]);
  return [...byComponent].map(([component, images]) => {
    const servers = [...new Set(images.map(({ image }) => image.registry))].join(', ');
    const place = images[0]?.place;
    const hint = 'Right if you do not deploy it or if it is configured elsewhere; else do not exclude it.';
    if (!kept.has(component)) {
      const message = `${component} is excluded: it would run from ${servers}`;
      return finding('component-excluded', { place, message, hint });
    }
    const names = images.map(({ container }) => container).join(', ');
    const message = `${component} is overridden, but not its ${names}: that would run from ${servers}`;
    return finding('component-partly-excluded', { place, message, hint });
  });
}

/** Images whose identity cannot be checked, and what was done about a missing tag. */
function checkDigests({ resolved, config, place }: Checked): Finding[] {
  return resolved.flatMap(({ image, source, target, override }) => {
    const name = containerName(image);
    const own = Object.hasOwn(config.overrides, name) ? config.overrides[name] : undefined;
    const ownPlace: Place | undefined = own && (place?.('overrides', name) ?? image.place);
    if (own && target.digest === undefined && image.image.digest !== undefined) {
      return finding('override-drops-digest', {
        place: ownPlace,
        message: `the override of ${name} has no digest: the container runs whatever ${formatReference(target)} is`,
        hint: 'Add the digest of that image to the override.',
      });
    }
    const findings: Finding[] = [];
    if (!source) {
      findings.push(
        finding('own-image', {
          place: ownPlace,
          message: `${name} runs ${formatReference(target)}, which nobody copies: it is to be in the registry already`,
          hint: `${config.mirror ? 'The Job checks that it is there.' : 'Nothing checks that it is.'} Where it is to be copied, add source to the override.`,
        }),
      );
    }
    if (target.digest === undefined) {
      findings.push(
        finding('digest-missing', {
          place: ownPlace ?? image.place,
          message: `${name} has no digest: whatever ${formatReference(source ?? target)} is on the day gets copied and run`,
          hint: 'Add image_digest, or a digest in overrides, if you can have it.',
        }),
      );
    }
    if (source && source.tag === undefined && own?.tag === undefined) {
      findings.push(
        finding('tag-made', {
          place: ownPlace ?? image.place,
          message: `${name} has no tag: it gets ${override.tag}, so that garbage collection spares it`,
        }),
      );
    }
    return findings;
  });
}

/** A cache finds an image only below its upstream path, and only by tags that exist upstream. */
function checkPullThrough({ resolved, config, place }: Checked): Finding[] {
  if (!config.registry.pullThrough) return [];
  const renamed = resolved.filter(({ source, target }) => {
    if (!source) return false;
    const samePath = `/${target.repository}`.endsWith(`/${source.repository}`);
    return !samePath || (config.pin === 'tag' && source.tag !== target.tag);
  });
  return renamed.map(({ image, source, target }) =>
    finding('pull-through-renamed', {
      place: place?.('registry', 'pullThrough') ?? image.place,
      message: `${containerName(image)}: a cache may not find ${source && formatReference(source)} as ${formatReference(target)}`,
      hint: 'Keep the upstream path at the end of the repository: layout preserve or by-server, or a rule with {repository}.',
    }),
  );
}

/** What the kind of registry asks for: docs/findings.md says where that is documented. */
function checkProfile({ relocations, config, place }: Checked): Finding[] {
  const profile = PROFILES[config.registry.profile];
  const findings: Finding[] = [];
  const toCreate = new Set<string>();
  for (const { target, containers } of relocations) {
    const components = target.repository.split('/');
    if (components.length < profile.minComponents) {
      findings.push(
        finding('profile-path', {
          place: place?.('registry', 'profile'),
          message: `${target.repository} (${containers.join(', ')}) does not begin with a ${profile.creates}`,
          hint: `Put the ${profile.creates} into registry.path.`,
        }),
      );
    }
    const below = target.repository.startsWith(`${config.registry.path}/`)
      ? target.repository.slice(`${config.registry.path}/`.length).split('/').length
      : 0;
    if (profile.maxBelow !== undefined && below > profile.maxBelow) {
      findings.push(
        finding('profile-depth', {
          place: place?.('registry', 'profile'),
          message: `${target.repository} (${containers.join(', ')}) has ${below} components below ${config.registry.path}; below a ${profile.creates} there are ${profile.maxBelow} at most`,
          hint: 'Use layout flat, or rules such as { match: "**", to: "{path}/{name}" }. The registry would refuse it as "denied".',
        }),
      );
    }
    const leading = profile.createFirst === 'all' ? components : components.slice(0, profile.createFirst);
    if (leading.length > 0) toCreate.add(leading.join('/'));
  }
  if (toCreate.size > 0 && !config.registry.pullThrough) {
    findings.push(
      finding('create-first', {
        place: place?.('registry', 'profile'),
        message: `before the first push, these must exist (${profile.creates}): ${[...toCreate].sort().join(', ')}`,
        hint: profile.createsItself && `Create them, ${profile.createsItself}.`,
      }),
    );
  }
  return findings;
}
