import { groupBy } from '../common/collections.ts';
import type { MirrorConfig } from '../config/schema.ts';
import { credentialFor } from '../credentials/select.ts';
import type { Relocation } from './model.ts';

/** The requests of a first run of the mirror to one upstream server. */
export interface RateBudget {
  readonly server: string;
  readonly images: number;
  /** Signatures, attestations and SBOMs of these images; each is one more manifest request. */
  readonly artifacts: number;
  /** Number of manifest requests, assuming {@link ASSUMED_PLATFORMS} platforms per image if all are copied. */
  readonly requests: number;
  /** Number of requests that the server allows, if that is configured or known. */
  readonly quota?: number;
  /** Whose limit the quota is, as text. */
  readonly quotaOf?: string;
}

/**
 * The digests file does not contain the number of platforms of an image. Each platform takes one manifest request in
 * addition to that for the index, and so does each attestation that BuildKit adds. Most official images of Docker Hub
 * have at most eight of each kind.
 */
const ASSUMED_PLATFORMS = 8;

/**
 * Returns how many manifests the mirror requests at most to copy one image, and why. Each selected platform takes
 * three requests: the index and the manifest to find it, and the manifest again to copy it.
 */
export function manifestsOfAnImage(platforms: readonly string[] | undefined): {
  count: number;
  inWords: string;
} {
  if (!platforms)
    return { count: 1 + ASSUMED_PLATFORMS, inWords: `${ASSUMED_PLATFORMS} platforms each and the index` };
  return {
    count: 1 + 3 * platforms.length,
    inWords: `three for each of ${platforms.join(', ')} and one for the index`,
  };
}

/**
 * Docker Hub counts pulls per six hours: 100 per IPv4 address or IPv6 /64 without a login, 200 for a Personal
 * account, no limit for a paid one (docs.docker.com, "Docker Hub pull usage and limits"). Other registries publish no
 * limit, or one per minute that a mirror does not reach.
 */
const DOCKER_HUB_ANONYMOUS = 100;
const DOCKER_HUB_PERSONAL = 200;

/**
 * Returns the number of requests of a first run for each upstream server, in order. A run with nothing to do makes
 * none.
 */
export function rateBudgets(relocations: readonly Relocation[], mirror: MirrorConfig): RateBudget[] {
  const copies = relocations.flatMap(({ source, platforms, artifacts = [] }) =>
    source ? { source, platforms, artifacts: artifacts.length } : [],
  );
  return [...groupBy(copies, ({ source }) => source.registry)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([server, group]) => ({
      server,
      images: group.length,
      artifacts: group.reduce((sum, { artifacts }) => sum + artifacts, 0),
      requests: group.reduce(
        (sum, { platforms, artifacts }) => sum + manifestsOfAnImage(platforms).count + artifacts,
        0,
      ),
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
    ? { quota: DOCKER_HUB_PERSONAL, quotaOf: 'a Docker Personal account per six hours' }
    : { quota: DOCKER_HUB_ANONYMOUS, quotaOf: 'anonymous pulls per six hours' };
}
