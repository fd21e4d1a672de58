import { parseReference, repositoryName } from '../image/reference.ts';
import type { Checked } from './checks.ts';
import { credentialFor } from './credentials.ts';
import { type Finding, finding } from './finding.ts';

/**
 * Upstream registries that are known to let nobody in without a credential (the article of Element's knowledge
 * base: "requires authentication using the EMS Image Store Token and password").
 */
export const PRIVATE_REPOSITORIES = ['gitlab-registry.matrix.org/ems-image-store/'];

/** Credentials that serve nothing, and images that will be refused for want of one. */
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
        message: `the credential for ${auth.server} is for none of the images: it would be used for nothing`,
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
        message: `${needy.length} images come from ${PRIVATE_REPOSITORIES[0]}, which asks for the EMS Image Store token, and mirror.auth has none for it`,
        hint: 'Add { server: gitlab-registry.matrix.org/ems-image-store, source: …, … } to mirror.auth.',
      }),
    );
  }
  return findings;
}

/** The Job itself: that there is one, and what it runs. */
export function checkMirror({ config, place }: Checked): Finding[] {
  const { mirror, registry } = config;
  if (!mirror) {
    if (registry.pullThrough) return [];
    return [
      finding('no-mirror', {
        place: place?.('registry'),
        message: `there is no mirror: somebody else must bring the images to ${registry.server}`,
        hint: 'Add mirror, or pullThrough: true if the registry fetches by itself.',
      }),
    ];
  }
  const image = parseReference(mirror.image);
  if (typeof image === 'string') throw new Error(`the schema let the image "${mirror.image}" pass`);
  if (image.digest !== undefined) return [];
  return [
    finding('mirror-image-unpinned', {
      place: place?.('mirror', 'image'),
      message: `mirror.image ${mirror.image} has no digest: what gets the registry's credentials may change any day`,
      hint: 'Add @sha256:… behind the tag.',
    }),
  ];
}
