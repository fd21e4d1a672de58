import { mayHoldPassword, quote } from '../input/quote.ts';

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
 * images come from the internet unseen. `docker.io/postgres` is read as `docker.io/library/postgres`.
 *
 * @returns the reference, or why the text is none
 */
export function parseReference(text: string): ImageReference | string {
  if (mayHoldPassword(text)) {
    return 'it has an @ with no digest behind it; expected registry/repository:tag@sha256:…, credentials go elsewhere';
  }
  const scheme = SCHEME.exec(text)?.[0];
  if (scheme) return `it begins with ${quote(scheme)}; expected registry/repository:tag, without a scheme`;
  const [name = '', digest] = text.split('@');
  const slash = name.indexOf('/');
  if (slash < 0)
    return 'it names no registry; expected registry/repository:tag or registry/repository@digest';
  const registry = name.slice(0, slash);
  const colon = name.indexOf(':', slash);
  const repository = name.slice(slash + 1, colon < 0 ? undefined : colon);
  const tag = colon < 0 ? undefined : name.slice(colon + 1);
  const wrong =
    invalidRegistryReason(registry) ??
    invalidRepositoryReason(repository) ??
    (tag === undefined ? undefined : invalidTagReason(tag)) ??
    (digest === undefined ? undefined : invalidDigestReason(digest));
  return (
    wrong ?? {
      ...canonicalName(registry, repository),
      ...(tag !== undefined && { tag }),
      ...(digest !== undefined && { digest }),
    }
  );
}

/**
 * Registry and repository as Docker and containerd understand them: `index.docker.io` is an older name of
 * `docker.io`, and a repository there without a folder is in `library`.
 */
export function canonicalName(
  registry: string,
  repository: string,
): Pick<ImageReference, 'registry' | 'repository'> {
  if (registry !== 'docker.io' && registry !== 'index.docker.io') return { registry, repository };
  return {
    registry: 'docker.io',
    repository: repository.includes('/') ? repository : `library/${repository}`,
  };
}

// Each check says why a text is not legal, as the end of the sentence "… is not legal: ", or undefined.

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/**
 * Host and port of a registry, as in the server part of an image name: no scheme, no folder, no credentials. Docker and
 * containerd take a first part with neither dot nor port for a folder of Docker Hub, so it is not one here.
 */
export function invalidRegistryReason(text: string): string | undefined {
  if (text === '') return 'it is empty; expected a host such as registry.example.org or localhost:5000';
  // A user name or password must not come back in a message.
  if (text.includes('@')) return 'it has an @; expected only the host and port, credentials go elsewhere';
  const scheme = SCHEME.exec(text)?.[0];
  if (scheme) {
    const host = text.slice(scheme.length).replace(/\/.*$/s, '');
    const instead = invalidRegistryReason(host) === undefined ? ` ${host}` : ' only the host and port';
    return `it begins with a scheme, ${quote(scheme)}; expected${instead}`;
  }
  const slash = text.indexOf('/');
  if (slash >= 0) {
    return `it has a folder, ${quote(text.slice(slash + 1))}; expected only the host and port`;
  }
  const wrong = invalidHostReason(text);
  if (wrong) return wrong;
  if (!/[.:]/.test(text) && text !== 'localhost') {
    return `Docker and containerd take ${quote(text)} for a folder of Docker Hub; expected docker.io/${text}/…, or a host with a dot or a port such as ${text}.example.org or ${text}:5000`;
  }
  return undefined;
}

/**
 * A host name or IPv4 address, and a port if there is one. Kubernetes, skopeo and registries do not agree about IPv6
 * addresses in image names.
 */
export function invalidHostReason(text: string): string | undefined {
  if (/^\[|:.*:/s.test(text)) {
    return 'it has brackets or more than one colon; IPv6 addresses are not supported, expected a host name';
  }
  const [host = '', port] = text.split(':');
  if (port !== undefined && !(/^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65535)) {
    return `${quote(port)} is not a port; expected a number from 1 to 65535`;
  }
  if (host.length > 253) return `the host has ${host.length} characters; a host name has 253 at most`;
  const labels = host.split('.');
  const long = labels.find((label) => label.length > 63);
  if (long) {
    return `the part ${quote(long)} of the host has ${long.length} characters; each has 63 at most`;
  }
  if (!labels.every((label) => /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/.test(label))) {
    return 'expected a host name of letters, digits and dashes, whose parts begin and end with a letter or digit';
  }
  if (/^\d+$/.test(labels.at(-1) ?? '')) {
    const isAddress =
      labels.length === 4 && labels.every((label) => /^\d{1,3}$/.test(label) && Number(label) < 256);
    if (!isAddress) return 'it ends with a number like an IPv4 address, which has four numbers from 0 to 255';
  }
  return undefined;
}

/** With its host a name has 255 characters at most: Docker, containerd and skopeo accept no longer ones. */
const MAX_REPOSITORY = 255;

/** OCI distribution specification 1.1, "Pulling manifests": the grammar of `<name>`. */
export function invalidRepositoryReason(text: string): string | undefined {
  if (text === '') return 'it is empty; expected a path such as library/haproxy';
  if (text.length > MAX_REPOSITORY)
    return `it has ${text.length} characters; a name has ${MAX_REPOSITORY} at most`;
  if (mayHoldPassword(text))
    return 'it has an @; expected a path such as library/haproxy, credentials go elsewhere';
  if (text.startsWith('/') || text.endsWith('/')) return 'it begins or ends with a slash';
  const part = text.split('/').find((part) => !/^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/.test(part));
  if (part === undefined) return undefined;
  if (part === '') return 'it has two slashes in a row';
  if (/[A-Z]/.test(part)) return `${quote(part)} has capital letters; a repository is in lower case`;
  if (part.includes(':') || part.includes('@'))
    return `${quote(part)} holds a tag or digest; these have keys of their own`;
  return `${quote(part)} is no path component; expected a-z and 0-9, separated by one of . _ __ or by dashes`;
}

/** OCI distribution specification 1.1: the grammar of a tag. */
export function invalidTagReason(text: string): string | undefined {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(text)) return undefined;
  if (text.length > 128) return `it has ${text.length} characters; a tag has 128 at most`;
  return 'a tag holds A-Z a-z 0-9 _ . - and begins with none of . and -';
}

/** A digest as ESS writes it. The specification knows more algorithms; registries in the field do not. */
export function invalidDigestReason(text: string): string | undefined {
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
export function invalidLabelValueReason(text: string): string | undefined {
  if (text.length > 63) {
    return `it has ${text.length} characters; ESS makes it the label app.kubernetes.io/version, which has 63 at most`;
  }
  if (/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(text)) return undefined;
  return 'ESS makes it the label app.kubernetes.io/version, which begins and ends with a letter or digit';
}
