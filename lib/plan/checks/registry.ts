import { containerName } from '../../digests/container-image.ts';
import { formatReference } from '../../image/reference.ts';
import { type Finding, finding } from '../finding.ts';
import { PROFILES } from '../profiles.ts';
import type { Checked } from './checked.ts';

/** A cache finds an image only below its upstream path, and only by tags that exist upstream. */
export function checkPullThrough({ resolved, config, place }: Checked): Finding[] {
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
export function checkProfile({ relocations, config, place }: Checked): Finding[] {
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
