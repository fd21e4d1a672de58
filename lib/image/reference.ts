import { mayHoldPassword, quote } from '../input/quote.ts';

/**
 * The name of an image in a registry: `registry/repository:tag@digest`, with the terms of the OCI distribution
 * specification. It has at least one of tag and digest.
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

/** Formats a reference as `registry/repository:tag@digest`, with the parts that it has. */
export function formatReference(image: ImageReference): string {
  return `${repositoryName(image)}${image.tag ? `:${image.tag}` : ''}${image.digest ? `@${image.digest}` : ''}`;
}

/** Shortens a digest or the hash of a plan to 12 digits, for display. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 12);
}

/** Formats a reference with its digest shortened to 12 digits. */
export function shortReference(image: ImageReference): string {
  return formatReference({ ...image, ...(image.digest && { digest: shortDigest(image.digest) }) });
}

/**
 * Parses `registry/repository[:tag][@digest]`. The registry is required: with a default of `docker.io`, images would
 * be pulled from the internet unnoticed. `docker.io/postgres` is read as `docker.io/library/postgres`.
 *
 * @returns the reference, or the reason why the text is not one
 */
export function parseReference(text: string): ImageReference | string {
  if (mayHoldPassword(text)) {
    return 'it has an @ without a digest after it; expected registry/repository:tag@sha256:…, without credentials';
  }
  const scheme = SCHEME.exec(text)?.[0];
  if (scheme) return `it begins with ${quote(scheme)}; expected registry/repository:tag, without a scheme`;
  const [name = '', digest] = text.split('@');
  const slash = name.indexOf('/');
  if (slash < 0) return 'it has no registry; expected registry/repository:tag or registry/repository@digest';
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
 * Returns registry and repository as Docker and containerd read them: `index.docker.io` is an older name of
 * `docker.io`, and a repository there without a namespace is in `library`.
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

// Each check says why a text is not valid, as the end of the sentence "… is not valid: ", or undefined.

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/**
 * Checks host and port of a registry as in an image reference: no scheme, no path, no credentials. Docker and
 * containerd read a first part without a dot or port as a namespace of Docker Hub, so it is not valid here.
 */
export function invalidRegistryReason(text: string): string | undefined {
  if (text === '') return 'it is empty; expected a host such as registry.example.org or localhost:5000';
  // A message must not repeat a user name or password.
  if (text.includes('@')) return 'it has an @; expected only the host and port, without credentials';
  const scheme = SCHEME.exec(text)?.[0];
  if (scheme) {
    const host = text.slice(scheme.length).replace(/\/.*$/s, '');
    const instead = invalidRegistryReason(host) === undefined ? ` ${host}` : ' only the host and port';
    return `it begins with a scheme, ${quote(scheme)}; expected${instead}`;
  }
  const slash = text.indexOf('/');
  if (slash >= 0) {
    return `it includes a path, ${quote(text.slice(slash + 1))}; expected only the host and port`;
  }
  const wrong = invalidHostReason(text);
  if (wrong) return wrong;
  if (!/[.:]/.test(text) && text !== 'localhost') {
    return `Docker and containerd read ${quote(text)} as a namespace of Docker Hub; expected docker.io/${text}/…, or a host with a dot or a port such as ${text}.example.org or ${text}:5000`;
  }
  return undefined;
}

/**
 * Checks a host name or IPv4 address with an optional port. Kubernetes, skopeo and registries do not agree about IPv6
 * addresses in image references.
 */
export function invalidHostReason(text: string): string | undefined {
  if (/^\[|:.*:/s.test(text)) {
    return 'it has brackets or more than one colon; IPv6 addresses are not supported, expected a host name';
  }
  const [host = '', port] = text.split(':');
  if (port !== undefined && !(/^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65535)) {
    return `${quote(port)} is not a port; expected a number from 1 to 65535`;
  }
  if (host.length > 253) return `the host has ${host.length} characters; a host name has at most 253`;
  const labels = host.split('.');
  const long = labels.find((label) => label.length > 63);
  if (long) {
    return `the part ${quote(long)} of the host has ${long.length} characters; each part has at most 63`;
  }
  if (!labels.every((label) => /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/.test(label))) {
    return 'expected a host name of letters, digits and dashes; each part begins and ends with a letter or digit';
  }
  if (/^\d+$/.test(labels.at(-1) ?? '')) {
    const isAddress =
      labels.length === 4 && labels.every((label) => /^\d{1,3}$/.test(label) && Number(label) < 256);
    if (!isAddress) return 'it ends with a number like an IPv4 address, which has four numbers from 0 to 255';
  }
  return undefined;
}

/** Docker, containerd and skopeo accept at most 255 characters, including the host. */
const MAX_REPOSITORY = 255;

/** OCI distribution specification 1.1, "Pulling manifests": the grammar of `<name>`. */
export function invalidRepositoryReason(text: string): string | undefined {
  if (text === '') return 'it is empty; expected a path such as library/haproxy';
  if (text.length > MAX_REPOSITORY)
    return `it has ${text.length} characters; expected at most ${MAX_REPOSITORY}`;
  if (mayHoldPassword(text))
    return 'it has an @; expected a path such as library/haproxy, without credentials';
  if (text.startsWith('/') || text.endsWith('/')) return 'it begins or ends with a slash';
  const part = text.split('/').find((part) => !/^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/.test(part));
  if (part === undefined) return undefined;
  if (part === '') return 'it has two slashes in a row';
  if (/[A-Z]/.test(part)) return `${quote(part)} has upper-case letters; expected lower case`;
  if (part.includes(':') || part.includes('@'))
    return `${quote(part)} includes a tag or digest, which have their own keys`;
  return `${quote(part)} is not a valid path component; expected a-z and 0-9, separated by . _ __ or dashes`;
}

/** OCI distribution specification 1.1: the grammar of a tag. */
export function invalidTagReason(text: string): string | undefined {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(text)) return undefined;
  if (text.length > 128) return `it has ${text.length} characters; a tag has at most 128`;
  return 'a tag consists of A-Z a-z 0-9 _ . - and does not begin with . or -';
}

/** Checks a digest as ESS writes it. The specification allows more algorithms, but registries do not use them. */
export function invalidDigestReason(text: string): string | undefined {
  if (/^sha256:[0-9a-f]{64}$/.test(text)) return undefined;
  const hex = /^sha256:([0-9a-fA-F]*)$/.exec(text)?.[1];
  if (hex !== undefined && hex.length !== 64) {
    return `it has ${hex.length} hexadecimal digits after sha256:; expected 64`;
  }
  if (hex !== undefined) return 'its hexadecimal digits must be in lower case';
  return 'expected sha256: and 64 hexadecimal digits';
}

/**
 * Checks a tag as a label value. ESS writes the tag to the label `app.kubernetes.io/version` (Kubernetes, "Labels and
 * Selectors": at most 63 characters, alphanumeric at both ends).
 */
export function invalidLabelValueReason(text: string): string | undefined {
  if (text.length > 63) {
    return `it has ${text.length} characters; ESS writes it to the label app.kubernetes.io/version, which has at most 63`;
  }
  if (/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(text)) return undefined;
  return 'ESS writes it to the label app.kubernetes.io/version, which must begin and end with a letter or digit';
}
