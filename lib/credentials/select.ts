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
