import { groupBy } from '../../common/collections.ts';
import { count, few } from '../../common/text.ts';
import { containerName } from '../../digests/container-image.ts';
import { formatReference, type ImageReference } from '../../image/reference.ts';
import { type Finding, finding } from '../finding.ts';
import { type CacheProfile, PROFILES } from '../profiles.ts';
import type { Checked } from './checked.ts';

/**
 * Checks the names for a pull-through cache: it finds an image only below its upstream path, and only by tags that
 * exist upstream.
 */
export function checkPullThrough({ resolved, config, place }: Checked): Finding[] {
  if (!config.registry.pullThrough) return [];
  const { components } = PROFILES[config.registry.profile].cache;
  const renamed = resolved.filter(({ source, target }) => {
    if (!source) return false;
    const samePath =
      components === undefined
        ? `/${target.repository}`.endsWith(`/${source.repository}`)
        : target.repository.split('/').slice(components).join('/') === source.repository;
    return !samePath || (config.pin === 'tag' && source.tag !== target.tag);
  });
  return renamed.map(({ image, source, target }) =>
    finding('pull-through-renamed', {
      place: place?.('registry', 'pullThrough') ?? image.place,
      message: `${containerName(image)}: a pull-through cache may not find ${source && formatReference(source)} as ${formatReference(target)}`,
      hint: 'Keep the upstream path at the end of the repository: use layout preserve or by-server, or a rule with {repository}.',
    }),
  );
}

/** One image that the cache serves, and the part of the cache that serves it. */
interface Pulled {
  readonly source: ImageReference;
  readonly cache: string;
}

/** Checks for images of different servers at one path: the cache must know which server to pull from. */
export function checkUpstreams({ resolved, layout, config, place }: Checked): Finding[] {
  const { pullThrough, profile, server } = config.registry;
  if (!pullThrough) return [];
  const { cache } = PROFILES[profile];
  const pulled = resolved.flatMap(({ image, source, target }): Pulled | [] => {
    if (!source || (cache.certain === false && layout.ruleNamesServer(image.image))) return [];
    return { source, cache: [server, cachePath(target.repository, source.repository, cache)].join('/') };
  });
  const at = place?.('registry', 'pullThrough');
  return [...groupBy(pulled, (one) => one.cache)].flatMap(([path, images]) => {
    const servers = [...groupBy(images, ({ source }) => source.registry)]
      .map(([name, group]) => ({
        name,
        images: new Set(group.map(({ source }) => formatReference(source))).size,
        repositories: [...new Set(group.map(({ source }) => source.repository))].sort(),
      }))
      .sort((a, b) => b.images - a.images || (a.name < b.name ? -1 : 1));
    const [main, ...others] = servers;
    if (!main || others.length === 0) return [];
    if (cache.group) {
      return finding('pull-through-group', {
        place: at,
        message: `${path.replace(/\/$/, '')} must serve images of ${servers.map(({ name }) => name).join(', ')}`,
        hint: `It must be a ${cache.group} with a ${cache.proxy} for each of these servers.`,
      });
    }
    return others.map(({ name, images, repositories }) =>
      finding('pull-through-upstream', {
        place: at,
        message: `${path.replace(/\/$/, '')} serves ${main.name} only, not ${name}: the cluster could not pull ${count(images, 'image')} of ${name} (${few(repositories)})`,
        hint: adviceFor(cache, name),
      }),
    );
  });
}

function adviceFor({ proxy, note }: CacheProfile, server: string): string {
  const folder = server.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const one = /^[aeiou]/i.test(proxy) ? 'An' : 'A';
  return [
    `${one} ${proxy} serves one upstream server.`,
    `Create one for ${server}, such as ${folder}, and add to rules: { match: "${server}/**", to: "${folder}/{repository}" }.`,
    ...(note ? [note] : []),
  ].join(' ');
}

/** Returns the part of a repository that selects the upstream server of a cache. */
function cachePath(repository: string, upstream: string, { components }: CacheProfile): string {
  if (components !== undefined) return repository.split('/').slice(0, components).join('/');
  if (repository === upstream) return '';
  const end = repository.endsWith(`/${upstream}`) ? -upstream.length - 1 : repository.lastIndexOf('/');
  return repository.slice(0, end < 0 && !repository.includes('/') ? 0 : end);
}
