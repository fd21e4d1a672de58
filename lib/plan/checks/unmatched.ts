import { type ContainerImage, containerName } from '../../digests/container-image.ts';
import { repositoryName } from '../../image/reference.ts';
import { forListed, nearest } from '../../input/nearest.ts';
import { type Finding, finding } from '../finding.ts';
import { nearestContainer } from '../nearest-container.ts';
import type { Checked } from './checked.ts';

/** Rules that place no image, because none matches or because an earlier rule always wins. */
export function checkRules({ images, layout, config, place }: Checked): Finding[] {
  const suggest = forListed(whatRulesMatch);
  const winning = new Set(images.map(({ image }) => layout.ruleFor(image)));
  return config.rules.flatMap(({ match }, index) => {
    if (winning.has(index)) return [];
    const at = place?.('rules', index, 'match');
    if (images.some(({ image }) => layout.fits(index, image))) {
      return finding('rule-shadowed', {
        place: at,
        message: `rule "${match}" never wins: an earlier rule matches each of its images`,
        hint: 'Move it up, or remove it.',
      });
    }
    return finding('rule-unmatched', {
      place: at,
      message: `rule "${match}" matches no image`,
      hint: suggest(match, images),
    });
  });
}

/** What the author of a rule probably meant: the nearest server or, if the rule has no wildcard, repository. */
function whatRulesMatch(match: string, images: readonly ContainerImage[]): string {
  const servers = [...new Set(images.map(({ image }) => image.registry))].sort();
  const [server = ''] = match.split('/');
  const near = servers.includes(server) ? undefined : nearest(server, servers);
  if (near) return `Did you mean ${near}${match.slice(server.length)}?`;
  const names = /[*?[{]/.test(match) ? [] : images.map(({ image }) => repositoryName(image));
  const meant = nearest(match, names);
  if (meant) return `Did you mean ${meant}?`;
  return `A rule matches server/repository without tag; * stays within one path component, ** does not. The servers of this release: ${servers.join(', ')}.`;
}

/** Entries of `overrides` without effect: their container does not exist, or the plan leaves it out. */
export function checkOverrides({ images, excluded, config, place }: Checked): Finding[] {
  const names = new Set(images.map(containerName));
  const excludedNames = new Set(excluded.map(containerName));
  const suggest = forListed(nearestContainer);
  return Object.keys(config.overrides).flatMap((name) => {
    const at = place?.('overrides', name);
    if (excludedNames.has(name)) {
      return finding('override-unmatched', {
        place: at,
        message: `overrides names ${name}, which exclude leaves out: it has no effect`,
        hint: 'Remove it, or do not exclude the container.',
      });
    }
    if (names.has(name)) return [];
    const meant = suggest(name, images, 'container');
    return finding('override-unmatched', {
      place: at,
      message: `overrides names "${name}", and the release has no such container`,
      hint: meant
        ? `Did you mean ${meant}?`
        : 'Expected component/container as in the digests file. If the release no longer has it, remove the entry.',
    });
  });
}
