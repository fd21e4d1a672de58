import { count } from '../common/text.ts';
import type { ConfigPlace } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { type ImageReference, repositoryName } from '../image/reference.ts';
import type { Problem } from '../input/problem.ts';
import type { Credential } from './credential-source.ts';
import type { Credentials } from './machine.ts';
import { credentialFor } from './select.ts';
import { credentialsOf, sourceOf } from './sources.ts';

/**
 * Upstream registries that are known to let nobody in without a credential (the article of Element's knowledge
 * base: "requires authentication using the EMS Image Store Token and password").
 */
export const PRIVATE_REPOSITORIES = ['gitlab-registry.matrix.org/ems-image-store/'];

/** A registry that a command on this machine would ask without a credential, although it needs one. */
export interface MissingLogin extends Problem {
  readonly code: 'login-missing' | 'login-required';
}

export interface NeededLogins {
  readonly config: Config;
  readonly place?: ConfigPlace;
  /** The images that the command reads or writes. */
  readonly images: readonly ImageReference[];
  /** The logins of this machine. */
  readonly credentials: Pick<Credentials, 'find'>;
  /** Whose credentials of the configuration count. Default: those of the nodes and of the mirror. */
  readonly usedBy?: Credential['usedBy'];
}

/**
 * Finds what this machine cannot log in to although the configuration has a credential for it, or although it is known
 * that nobody gets in without one.
 *
 * @throws InputError if a credential helper fails
 */
export async function findMissingLogins({
  config,
  place,
  images,
  credentials,
  usedBy,
}: NeededLogins): Promise<MissingLogin[]> {
  const configured = credentialsOf(config).filter((it) => !usedBy || it.usedBy === usedBy);
  const groups = new Map<string, { readonly images: ImageReference[]; readonly credential?: Credential }>();
  for (const image of images) {
    const credential = credentialFor(image, configured);
    const prefix = PRIVATE_REPOSITORIES.find((it) => repositoryName(image).startsWith(it));
    const server = credential?.server ?? prefix?.replace(/\/$/, '');
    if (server === undefined) continue;
    const group = groups.get(server) ?? { images: [], ...(credential && { credential }) };
    groups.set(server, group);
    group.images.push(image);
  }
  const missing: MissingLogin[] = [];
  for (const [server, group] of groups) {
    const [first] = group.images;
    if (!first || (await credentials.find(first))) continue;
    const isPrivate = PRIVATE_REPOSITORIES.some((it) => `${server}/`.startsWith(it));
    missing.push({
      code: isPrivate ? 'login-required' : 'login-missing',
      ...(group.credential && { place: place?.(...group.credential.path) }),
      message: isPrivate
        ? `this machine has no login for ${server}, which rejects anonymous requests: ${count(group.images.length, 'image')} cannot be read`
        : `this machine has no login for ${server}: ${count(group.images.length, 'image')} will be pulled anonymously`,
      hint: `${howToGive(group.credential)}, or log in:`,
      command: `skopeo login ${server}`,
    });
  }
  return missing;
}

function howToGive(credential: Credential | undefined): string {
  if (!credential) return 'Add a credential to mirror.auth';
  const source = sourceOf(credential);
  if (source.secret === 'plain') return source.howToGive(credential);
  return 'The credential in airgap.yaml is only in the cluster. Use a source that this machine can read';
}
