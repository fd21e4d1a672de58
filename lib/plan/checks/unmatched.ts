import { type ContainerImage, containerName } from '../../digests/container-image.ts';
import { repositoryName } from '../../image/reference.ts';
import { forListed, nearest } from '../../input/nearest.ts';
import { type Finding, finding } from '../finding.ts';
import { nearestContainer } from '../nearest-container.ts';
import type { Checked } from './checked.ts';

/** Checks for rules without effect: they match no image, or an earlier rule matches the same images. */
export function checkRules({ images, layout, config, place }: Checked): Finding[] {
  const suggest = forListed(whatRulesMatch);
  const winning = new Set(images.map(({ image }) => layout.ruleFor(image)));
  return config.rules.flatMap(({ match }, index) => {
    if (winning.has(index)) return [];
    const at = place?.('rules', index, 'match');
    if (images.some(({ image }) => layout.fits(index, image))) {
      return finding('rule-shadowed', {
        place: at,
        message: `rule "${match}" has no effect: earlier rules match all of its images`,
        hint: 'Move it before those rules, or remove it.',
      });
    }
    return finding('rule-unmatched', {
      place: at,
      message: `rule "${match}" matches no image`,
      hint: suggest(match, images),
    });
  });
}

/**
 * Suggests what a rule was probably meant to be: the most similar server or, if the rule has no wildcard, repository.
 */
function whatRulesMatch(match: string, images: readonly ContainerImage[]): string {
  const servers = [...new Set(images.map(({ image }) => image.registry))].sort();
  const [server = ''] = match.split('/');
  const near = servers.includes(server) ? undefined : nearest(server, servers);
  if (near) return `Did you mean ${near}${match.slice(server.length)}?`;
  const names = /[*?[{]/.test(match) ? [] : images.map(({ image }) => repositoryName(image));
  const meant = nearest(match, names);
  if (meant) return `Did you mean ${meant}?`;
  return `A rule matches server/repository without a tag; * matches within one path component, ** across components. The servers of this release: ${servers.join(', ')}.`;
}

/** Checks for entries of `overrides` without effect: their container does not exist or is excluded. */
export function checkOverrides({ images, excluded, config, place }: Checked): Finding[] {
  const names = new Set(images.map(containerName));
  const excludedNames = new Set(excluded.map(containerName));
  const suggest = forListed(nearestContainer);
  return Object.keys(config.overrides).flatMap((name) => {
    const at = place?.('overrides', name);
    if (excludedNames.has(name)) {
      return finding('override-unmatched', {
        place: at,
        message: `the entry ${name} of overrides has no effect: exclude matches this container`,
        hint: 'Remove the entry, or do not exclude the container.',
      });
    }
    if (names.has(name)) return [];
    const meant = suggest(name, images, 'container');
    return finding('override-unmatched', {
      place: at,
      message: `overrides has "${name}", but the release has no such container`,
      hint: meant
        ? `Did you mean ${meant}?`
        : 'Expected component/container of the digests file. If the release no longer has it, remove the entry.',
    });
  });
}
