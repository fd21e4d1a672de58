import { createHash } from 'node:crypto';
import type { Credentials } from '../credentials/machine.ts';
import { type ImageReference, repositoryName } from '../image/reference.ts';
import { Authorizer } from './authorizer.ts';
import { RegistryError } from './error.ts';
import { codeOf, type Http, type HttpRequest, type HttpResponse } from './http.ts';
import { MANIFEST_TYPES } from './media-types.ts';

/** A manifest or an index as the registry serves it. */
export interface Manifest {
  /** Of the very bytes. */
  readonly digest: string;
  readonly bytes: Buffer;
}

export interface RegistryClientOptions {
  readonly http: Http;
  readonly credentials: Credentials;
  /** Servers that may be spoken to over plain HTTP or with a certificate that nobody checks. */
  readonly insecure?: readonly string[];
}

/** The repository of an image, by tag or digest or alone. */
type Repository = Pick<ImageReference, 'registry' | 'repository'>;

const MAX_REDIRECTS = 5;
/** OCI distribution specification 1.1: registries should accept manifests of 4 MiB; none in the field is larger. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** Pulls from registries by the OCI distribution API, with basic and token authentication. */
export class RegistryClient {
  readonly #http: Http;
  readonly #authorizer: Authorizer;
  readonly #insecure: readonly string[];
  readonly #bases = new Map<string, Promise<URL>>();

  constructor({ http, credentials, insecure = [] }: RegistryClientOptions) {
    this.#http = http;
    this.#authorizer = new Authorizer(http, credentials);
    this.#insecure = insecure;
  }

  /**
   * The digest that a tag or digest has, as the registry says it; computed from the manifest where it does not.
   *
   * @returns undefined where there is no such image
   * @throws RegistryError
   */
  async digestOf(image: Repository, reference: string): Promise<string | undefined> {
    const response = await this.#get(image, `manifests/${reference}`, { method: 'HEAD', headers: ACCEPT });
    await response.body.dump();
    if (response.statusCode === 404) return undefined;
    const digest = response.headers['docker-content-digest'];
    if (response.statusCode === 200 && typeof digest === 'string') return digest;
    // HEAD is optional for a registry in the field, and so is the header.
    return (await this.manifest(image, reference))?.digest;
  }

  /**
   * The manifest or index of a tag or digest.
   *
   * @returns undefined where there is no such image
   * @throws RegistryError, also where the bytes are not those of the digest asked for
   */
  async manifest(image: Repository, reference: string): Promise<Manifest | undefined> {
    const response = await this.#get(image, `manifests/${reference}`, { headers: ACCEPT });
    if (response.statusCode === 404) {
      await response.body.dump();
      return undefined;
    }
    const name = `${repositoryName(image)} ${reference}`;
    if (response.statusCode !== 200) throw await unexpected(response, image.registry, name);
    const bytes = await readBody(response, name);
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    if (reference.includes(':') && reference !== digest) {
      throw new RegistryError(
        'unexpected',
        `${name}: the registry serves a manifest with the digest ${digest}`,
      );
    }
    return { digest, bytes };
  }

  /**
   * The bytes of a blob, unchecked.
   *
   * @param from where to begin, for one that was cut off; the answer says whether the registry does that
   * @throws RegistryError, also where it is not there
   */
  async blob(image: Repository, digest: string, from = 0): Promise<{ response: HttpResponse; from: number }> {
    const headers = from > 0 ? { range: `bytes=${from}-` } : undefined;
    const response = await this.#get(image, `blobs/${digest}`, { ...(headers && { headers }) });
    if (response.statusCode === 206) return { response, from };
    if (response.statusCode === 200) return { response, from: 0 };
    throw await unexpected(response, image.registry, `${repositoryName(image)} ${digest}`);
  }

  async #get(image: Repository, path: string, options: HttpRequest): Promise<HttpResponse> {
    const base = await this.#base(image.registry);
    const insecure = this.#insecure.includes(image.registry);
    const start = new URL(`/v2/${image.repository}/${path}`, base);
    for (let attempt = 1; ; attempt++) {
      const authorization = await this.#authorizer.authorization(image, base, insecure);
      const response = await this.#follow(start, authorization, { ...options, insecure });
      if (response.statusCode !== 401) return response;
      await response.body.dump();
      const learned = this.#authorizer.learn(image, response.headers['www-authenticate'], authorization);
      if (!learned || attempt === 2) throw await this.#authorizer.refusal(image);
    }
  }

  /** Follows redirects; the credential stays with the server that it is for. */
  async #follow(start: URL, authorization: string | undefined, options: HttpRequest): Promise<HttpResponse> {
    let url = start;
    for (let hops = 0; ; hops++) {
      const own = url.origin === start.origin;
      const headers = { ...options.headers, ...(own && authorization && { authorization }) };
      const response = await this.#http.send(url, { ...options, headers });
      const { location } = response.headers;
      if (![301, 302, 303, 307, 308].includes(response.statusCode) || typeof location !== 'string')
        return response;
      await response.body.dump();
      const next = new URL(location, url);
      if (hops === MAX_REDIRECTS)
        throw new RegistryError('unexpected', `${start.host} redirects without an end`);
      if (next.protocol !== 'https:' && (start.protocol === 'https:' || next.protocol !== 'http:')) {
        throw new RegistryError(
          'unexpected',
          `${start.host} redirects to ${next.protocol}//${next.host}; expected https`,
        );
      }
      url = next;
    }
  }

  /** Where a server is spoken to: over TLS; one that may be insecure over plain HTTP, where it speaks that. */
  #base(server: string): Promise<URL> {
    const known = this.#bases.get(server) ?? this.#connect(server);
    this.#bases.set(server, known);
    return known;
  }

  async #connect(server: string): Promise<URL> {
    const host = server === 'docker.io' ? 'registry-1.docker.io' : server;
    const insecure = this.#insecure.includes(server);
    const ping = async (url: string, options: HttpRequest): Promise<URL> => {
      const base = new URL(url);
      await (await this.#http.send(base, options)).body.dump();
      return base;
    };
    if (!insecure) return ping(`https://${host}/v2/`, {});
    try {
      return await ping(`https://${host}/v2/`, { insecure, once: true });
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      return await ping(`http://${host}/v2/`, {});
    }
  }
}

const ACCEPT = { accept: MANIFEST_TYPES.join(', ') };

async function readBody(response: HttpResponse, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_MANIFEST_BYTES) {
        throw new RegistryError(
          'unexpected',
          `${name}: the manifest has more than ${MAX_MANIFEST_BYTES} bytes`,
        );
      }
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof RegistryError) throw error;
    throw new RegistryError('unreachable', `${name}: the answer broke off (${codeOf(error) || error})`);
  }
  return Buffer.concat(chunks);
}

async function unexpected(response: HttpResponse, server: string, name: string): Promise<RegistryError> {
  await response.body.dump();
  const { statusCode } = response;
  const kind = statusCode === 403 ? 'unauthorized' : 'unexpected';
  const words: Record<number, string> = {
    403: 'denies access (403)',
    404: 'does not have it (404)',
    429: 'has had enough requests for now (429): try again later, or log in if you have not',
  };
  return new RegistryError(kind, `${name}: ${server} ${words[statusCode] ?? `answers ${statusCode}`}`);
}
