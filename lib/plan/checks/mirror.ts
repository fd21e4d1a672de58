import { count } from '../../common/text.ts';
import type { MirrorConfig } from '../../config/schema.ts';
import { PRIVATE_REPOSITORIES } from '../../credentials/missing-logins.ts';
import { credentialFor } from '../../credentials/select.ts';
import { formatReference, parseReference, repositoryName } from '../../image/reference.ts';
import { copyCommand, digestCommand } from '../command.ts';
import { type Finding, finding } from '../finding.ts';
import { chosenPlatforms } from '../platforms.ts';
import { PROFILES } from '../profiles.ts';
import { manifestsOfAnImage, rateBudgets } from '../rate-budget.ts';
import { tagFromDigest } from '../resolve.ts';
import type { Checked } from './checked.ts';

/** Checks for credentials without effect, and for images that need a credential. */
export function checkCredentials({ relocations, config, place }: Checked): Finding[] {
  const { mirror } = config;
  if (!mirror) return [];
  const findings: Finding[] = [];
  const images = relocations.flatMap(({ source, target }) => [...(source ? [source] : []), target]);
  const used = new Set(images.map((image) => credentialFor(image, mirror.auth)));
  mirror.auth.forEach((auth, index) => {
    if (used.has(auth)) return;
    findings.push(
      finding('auth-unmatched', {
        place: place?.('mirror', 'auth', index, 'server'),
        message: `the credential for ${auth.server} has no effect: no image is from or for this server`,
        hint: `The servers of this plan: ${[...new Set(images.map(({ registry }) => registry))].sort().join(', ')}.`,
      }),
    );
  });
  const needy = relocations.filter(
    ({ source }) =>
      source &&
      PRIVATE_REPOSITORIES.some((prefix) => repositoryName(source).startsWith(prefix)) &&
      !credentialFor(source, mirror.auth),
  );
  if (needy.length > 0) {
    findings.push(
      finding('auth-missing', {
        place: place?.('mirror', 'auth'),
        message: `${count(needy.length, 'image')} from ${PRIVATE_REPOSITORIES[0]} cannot be pulled: mirror.auth has no EMS Image Store token`,
        hint: 'Add to mirror.auth: { server: gitlab-registry.matrix.org/ems-image-store, source: env, usernameEnv: EMS_IMAGE_STORE_USERNAME, passwordEnv: EMS_IMAGE_STORE_TOKEN }',
      }),
    );
  }
  return findings;
}

/** Checks that there is a Job, and its image. */
export function checkMirror(checked: Checked): Finding[] {
  const { config, place } = checked;
  const { mirror, registry } = config;
  if (!mirror) {
    if (registry.pullThrough) return [];
    return [
      finding('no-mirror', {
        place: place?.('registry'),
        message: `mirror is not set: no Job copies the images to ${registry.server}`,
        hint: 'Add mirror, or set registry.pullThrough: true if the registry is a pull-through cache. Ignore this note if you copy the images in another way.',
      }),
    ];
  }
  return [
    ...checkMirrorImage(checked, mirror),
    ...checkServers(checked, mirror),
    ...checkPlatforms(checked),
    ...checkRates(checked, mirror),
  ];
}

/**
 * Checks the image of the Job: it gets the credentials, so it needs a digest, and the nodes must be able to pull it.
 */
function checkMirrorImage({ config, layout, place }: Checked, mirror: MirrorConfig): Finding[] {
  const { server, pushServer = server } = config.registry;
  const image = parseReference(mirror.image);
  if (typeof image === 'string') throw new Error(`the schema accepted the image "${mirror.image}"`);
  const findings: Finding[] = [];
  if (image.digest === undefined) {
    findings.push(
      finding('mirror-image-unpinned', {
        place: place?.('mirror', 'image'),
        message: `mirror.image ${mirror.image} has no digest: the image that gets the registry's credentials can change at any time`,
        hint: 'Add the digest after the tag, separated by @. To print it:',
        command: digestCommand(image),
      }),
    );
  }
  if (image.registry !== server) {
    const repository = layout.repositoryFor(image);
    const tag = image.tag ?? tagFromDigest(image.digest);
    const copy = formatReference({ ...image, registry: server, repository, tag });
    findings.push(
      finding('mirror-image-upstream', {
        place: place?.('mirror', 'image'),
        message: `the nodes pull mirror.image from ${image.registry}: the Job does not copy its own image`,
        hint: `If they cannot reach ${image.registry}, set mirror.image to ${copy} and copy it once from a machine that reaches both. An entry of extra with this image keeps it in the plan. To copy it:`,
        command: copyCommand(image, { registry: pushServer, repository, tag }),
      }),
    );
  }
  return findings;
}

/** Checks for settings of servers that no image is from or for: probably a typing error. */
function checkServers({ relocations, place }: Checked, mirror: MirrorConfig): Finding[] {
  const servers = new Set(
    relocations.flatMap(({ source, target }) => [...(source ? [source.registry] : []), target.registry]),
  );
  const settings: (readonly [string, readonly PropertyKey[]])[] = [
    ...mirror.insecure.map((server, index) => [server, ['insecure', index]] as const),
    ...mirror.clientCertificates.map(
      ({ server }, index) => [server, ['clientCertificates', index, 'server']] as const,
    ),
    ...Object.keys(mirror.rateLimits).map((server) => [server, ['rateLimits', server]] as const),
  ];
  return settings
    .filter(([server]) => !servers.has(server))
    .map(([server, path]) =>
      finding('server-unmatched', {
        place: place?.('mirror', ...path),
        message: `mirror.${String(path[0])} lists ${server}, but no image is from or for this server`,
        hint: `The servers of this plan: ${[...servers].sort().join(', ')}.`,
      }),
    );
}

/**
 * Checks mirror.platforms: an index keeps its digest although manifests of it are missing, which not every registry
 * accepts.
 */
function checkPlatforms({ config, place }: Checked): Finding[] {
  const platforms = chosenPlatforms(config);
  if (!platforms) return [];
  const { server, profile } = config.registry;
  const at = place?.('mirror', 'platforms');
  const what = `an index with manifests for ${platforms.join(', ')} only`;
  const { sparseIndex } = PROFILES[profile];
  if (sparseIndex === 'refuses') {
    return [
      finding('sparse-index-refused', {
        place: at,
        message: `mirror.platforms is a list, but ${profile} does not accept ${what}`,
        hint: 'Set mirror.platforms: all.',
      }),
    ];
  }
  return [
    finding('sparse-index', {
      place: at,
      message: `${server} must accept ${what}`,
      hint:
        sparseIndex?.takesWith ??
        'Ask its administrator. If it does not accept such an index, each image with an index fails and is reported: then set mirror.platforms: all.',
    }),
  ];
}

/** Checks for servers whose rate limit a first run would exceed. */
function checkRates({ relocations, config, place }: Checked, mirror: MirrorConfig): Finding[] {
  if (mirror.mode === 'verify') return [];
  const platforms = chosenPlatforms(config);
  return rateBudgets(relocations, mirror).flatMap(
    ({ server, images, artifacts, requests, quota, quotaOf }) => {
      if (quota === undefined || requests <= quota) return [];
      return finding('rate-budget', {
        place: place?.('mirror', 'rateLimits', server),
        message: `a first run makes up to ${requests} manifest requests to ${server} (${count(images, 'image')}, ${manifestsOfAnImage(platforms).inWords}${artifacts > 0 ? `, and ${count(artifacts, 'artifact')}` : ''}); the rate limit is ${quota} for ${quotaOf}`,
        hint: 'The Job waits for a while and continues, but not for hours. Add a credential with a higher limit to mirror.auth and set that limit in mirror.rateLimits, or run the Job again after the limit is reset.',
      });
    },
  );
}
