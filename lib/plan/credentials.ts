import type { MirrorAuth } from '../config/schema.ts';
import { type ImageReference, repositoryName } from '../image/reference.ts';

/**
 * The credential for an image: of those whose server is the image's registry, or a path that it lies below, the
 * most specific. That is how containers-auth.json(5) chooses among the keys of one file; here it chooses the file.
 */
export function credentialFor<A extends { readonly server: string }>(
  image: ImageReference,
  auth: readonly A[],
): A | undefined {
  const name = repositoryName(image);
  return auth
    .filter(({ server }) => name === server || name.startsWith(`${server}/`))
    .reduce<A | undefined>(
      (best, next) => (best && best.server.length >= next.server.length ? best : next),
      undefined,
    );
}

/** The Secret that holds all credentials of the mirror that come from the environment. */
export const MIRROR_SECRET = 'ess-mirror-auth';

/** The Secret, in the namespace of the mirror, that a credential of the mirror is in. */
export function secretNameOf(auth: MirrorAuth): string {
  return auth.source === 'env' ? MIRROR_SECRET : auth.name;
}

/**
 * The credentials of one kind of source by the Secret that they are in: several for one ExternalSecret, which
 * makes one docker config of them.
 */
export function bySecret<A extends MirrorAuth>(auth: readonly A[]): Map<string, A[]> {
  const groups = new Map<string, A[]>();
  for (const one of auth) groups.set(secretNameOf(one), [...(groups.get(secretNameOf(one)) ?? []), one]);
  return groups;
}
