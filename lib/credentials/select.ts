import { type ImageReference, repositoryName } from '../image/reference.ts';

/** What a credential is for: host[:port], or host/path. */
interface ForServer {
  readonly server: string;
}

/**
 * Returns the credential for an image: of those whose server is the image's registry, or a path that it lies below,
 * the most specific. That is how containers-auth.json(5) chooses among the keys of one file; here it chooses the file.
 */
export function credentialFor<A extends ForServer>(image: ImageReference, auth: readonly A[]): A | undefined {
  return mostSpecific(repositoryName(image), auth);
}

/** Returns the credential for a server, or host/path, under the same rule. */
export function mostSpecific<A extends ForServer>(name: string, auth: readonly A[]): A | undefined {
  return auth
    .filter(({ server }) => name === server || name.startsWith(`${server}/`))
    .reduce<A | undefined>(
      (best, next) => (best && best.server.length >= next.server.length ? best : next),
      undefined,
    );
}
