/**
 * The name of an image in a registry: `registry/repository:tag@digest`, with the terms of the OCI
 * distribution specification. At least one of tag and digest is there.
 */
export interface ImageReference {
  /** Host and port of the registry: `docker.io`, `localhost:5000`. */
  readonly registry: string;
  /** The path of the repository: `library/haproxy`. */
  readonly repository: string;
  readonly tag?: string;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest?: string;
}

/** `registry/repository`, without tag and digest. */
export function repositoryName(image: ImageReference): string {
  return `${image.registry}/${image.repository}`;
}

/** The reference as people write it: `registry/repository:tag@digest`, whatever of it is there. */
export function formatReference(image: ImageReference): string {
  return `${repositoryName(image)}${image.tag ? `:${image.tag}` : ''}${image.digest ? `@${image.digest}` : ''}`;
}

/** A digest, or the hash of a plan, cut to 12 digits, for people. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 12);
}

/** The reference with its digest cut to 12 digits. */
export function shortReference(image: ImageReference): string {
  return formatReference({ ...image, ...(image.digest && { digest: shortDigest(image.digest) }) });
}

/**
 * Reads `registry/repository[:tag][@digest]`. The registry must be spelled out: a guessed `docker.io` is how
 * images come from the internet unseen.
 *
 * @returns the reference, or why the text is none
 */
export function parseReference(text: string): ImageReference | string {
  const [name = '', digest, ...more] = text.split('@');
  if (more.length > 0) return 'it has more than one @';
  const slash = name.indexOf('/');
  if (slash < 0)
    return 'it names no registry; expected registry/repository:tag or registry/repository@digest';
  const registry = name.slice(0, slash);
  const colon = name.indexOf(':', slash);
  const repository = name.slice(slash + 1, colon < 0 ? undefined : colon);
  const tag = colon < 0 ? undefined : name.slice(colon + 1);
  if (!/[.:]/.test(registry) && registry !== 'localhost') {
    return `"${registry}" is no registry; expected a host such as docker.io or localhost:5000 in front`;
  }
  const wrong =
    whyNoRegistry(registry) ??
    whyNoRepository(repository) ??
    (tag === undefined ? undefined : whyNoTag(tag)) ??
    (digest === undefined ? undefined : whyNoDigest(digest));
  return (
    wrong ?? {
      registry,
      repository,
      ...(tag !== undefined && { tag }),
      ...(digest !== undefined && { digest }),
    }
  );
}

// Each check says why a text is not legal, as the end of the sentence "… is not legal: ", or undefined.

/** Host and port, as in the server part of an image name: no scheme, no folder, no credentials. */
export function whyNoRegistry(text: string): string | undefined {
  if (text === '') return 'it is empty; expected a host such as registry.example.org or localhost:5000';
  if (/^[a-z]+:\/\//i.test(text)) return 'it begins with a scheme; expected only the host and port';
  // A user name or password must not come back in a message.
  if (text.includes('@')) return 'it has an @; expected only the host and port, credentials go elsewhere';
  const match = /^(?<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(?<port>\d{1,5}))?$/.exec(text);
  if (!match?.groups) return 'expected a host, and a port where one is needed, such as localhost:5000';
  const { host = '', port } = match.groups;
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65535)) return `${port} is no port`;
  if (
    !host.startsWith('[') &&
    !host.split('.').every((label) => /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/.test(label))
  ) {
    return 'expected a host name whose parts begin and end with a letter or digit';
  }
  return undefined;
}

/** OCI distribution specification 1.1, "Pulling manifests": the grammar of `<name>`. */
export function whyNoRepository(text: string): string | undefined {
  if (text === '') return 'it is empty; expected a path such as library/haproxy';
  if (text.startsWith('/') || text.endsWith('/')) return 'it begins or ends with a slash';
  const part = text.split('/').find((part) => !/^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/.test(part));
  if (part === undefined) return undefined;
  if (part === '') return 'it has two slashes in a row';
  if (/[A-Z]/.test(part)) return `"${part}" has capital letters; a repository is in lower case`;
  if (part.includes(':') || part.includes('@'))
    return `"${part}" holds a tag or digest; these have keys of their own`;
  return `"${part}" is no path component; expected a-z and 0-9, separated by one of . _ __ or by dashes`;
}

/** OCI distribution specification 1.1: the grammar of a tag. */
export function whyNoTag(text: string): string | undefined {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(text)) return undefined;
  if (text.length > 128) return `it has ${text.length} characters; a tag has 128 at most`;
  return 'a tag holds A-Z a-z 0-9 _ . - and begins with none of . and -';
}

/** A digest as ESS writes it. The specification knows more algorithms; registries in the field do not. */
export function whyNoDigest(text: string): string | undefined {
  if (/^sha256:[0-9a-f]{64}$/.test(text)) return undefined;
  const hex = /^sha256:([0-9a-fA-F]*)$/.exec(text)?.[1];
  if (hex !== undefined && hex.length !== 64) {
    return `it has ${hex.length} hexadecimal digits behind sha256:; expected 64`;
  }
  if (hex !== undefined) return 'its hexadecimal digits must be in lower case';
  return 'expected sha256: and 64 hexadecimal digits';
}

/**
 * ESS writes the tag into the label `app.kubernetes.io/version`, so it must be a legal label value too
 * (Kubernetes, "Labels and Selectors": 63 characters at most, alphanumeric at both ends).
 */
export function whyNoLabelValue(text: string): string | undefined {
  if (text.length > 63) {
    return `it has ${text.length} characters; ESS makes it the label app.kubernetes.io/version, which has 63 at most`;
  }
  if (/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(text)) return undefined;
  return 'ESS makes it the label app.kubernetes.io/version, which begins and ends with a letter or digit';
}
