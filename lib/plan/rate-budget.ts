import { groupBy } from '../common/collections.ts';
import type { MirrorConfig } from '../config/schema.ts';
import { credentialFor } from '../credentials/select.ts';
import type { Relocation } from './model.ts';

/** What a first run of the mirror asks of one upstream server. */
export interface RateBudget {
  readonly server: string;
  readonly images: number;
  /** Manifest requests, if every image has {@link ASSUMED_PLATFORMS} platforms where all are copied. */
  readonly requests: number;
  /** How many it answers before it refuses more, if that is configured or known. */
  readonly quota?: number;
  /** Where the quota comes from, in words. */
  readonly quotaOf?: string;
}

/**
 * The digests file does not tell how many platforms an image has. Each is one manifest request besides that for the
 * index, and so is each attestation that BuildKit adds to it: official images of Docker Hub mostly have eight of
 * each kind or fewer.
 */
const ASSUMED_PLATFORMS = 8;

/**
 * How many manifests the mirror asks a source for to copy one image, at the most, and why. Of chosen platforms each costs
 * three: the index and the manifest to find it in there, and the manifest once more to copy it.
 */
export function manifestsOfAnImage(platforms: readonly string[] | undefined): {
  count: number;
  inWords: string;
} {
  if (!platforms)
    return { count: 1 + ASSUMED_PLATFORMS, inWords: `${ASSUMED_PLATFORMS} platforms each and the index` };
  return {
    count: 1 + 3 * platforms.length,
    inWords: `three for each of ${platforms.join(', ')}, and the index`,
  };
}

/**
 * Docker Hub counts pulls by six hours: 100 for an IPv4 address or IPv6 /64 without a login, 200 for a Personal
 * account, and no limit for a paid one (docs.docker.com, "Docker Hub pull usage and limits"). Others publish none,
 * or one by the minute that a mirror does not reach.
 */
const DOCKER_HUB_ANONYMOUS = 100;
const DOCKER_HUB_PERSONAL = 200;

/** For each upstream server, in order, what a first run costs there. A run with nothing to do costs nothing. */
export function rateBudgets(relocations: readonly Relocation[], mirror: MirrorConfig): RateBudget[] {
  const copies = relocations.flatMap(({ source, platforms }) => (source ? { source, platforms } : []));
  return [...groupBy(copies, ({ source }) => source.registry)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([server, group]) => ({
      server,
      images: group.length,
      requests: group.reduce((sum, { platforms }) => sum + manifestsOfAnImage(platforms).count, 0),
      ...quotaOf(
        server,
        group.some(({ source }) => credentialFor(source, mirror.auth)),
        mirror,
      ),
    }));
}

function quotaOf(
  server: string,
  login: boolean,
  { rateLimits }: MirrorConfig,
): { quota?: number; quotaOf?: string } {
  if (Object.hasOwn(rateLimits, server)) {
    return { quota: rateLimits[server] as number, quotaOf: 'mirror.rateLimits' };
  }
  if (server !== 'docker.io') return {};
  return login
    ? { quota: DOCKER_HUB_PERSONAL, quotaOf: 'a Docker Personal account, per six hours,' }
    : { quota: DOCKER_HUB_ANONYMOUS, quotaOf: 'anonymous access, per six hours,' };
}
