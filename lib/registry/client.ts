import { createHash } from 'node:crypto';
import { repositoryName } from '../image/reference.ts';
import { discard, type HttpResponse, readBody } from './body.ts';
import { RegistryError } from './error.ts';
import { interrupted } from './failure.ts';
import { type Deadline, type Limits, MAX_BYTES } from './limits.ts';
import { readTags } from './lists.ts';
import { MANIFEST_TYPES } from './media-types.ts';
import { type Referrers, readReferrers } from './referrers.ts';
import { readServerHeaders, type ServerHeaders } from './server-headers.ts';
import { type Repository, Transport, type TransportOptions } from './transport.ts';
import { type ProbedPush, type ProbeOptions, probePush, tryUpload } from './upload.ts';

/** A manifest, an index or an artifact's manifest as the registry serves it. */
export interface Manifest {
  /** Of the very bytes. */
  readonly digest: string;
  readonly bytes: Buffer;
}

/** The answer to HEAD. */
export interface Head extends ServerHeaders {
  /** Left out if there is no such image. */
  readonly digest?: string;
}

export interface ManifestOptions {
  /** The media types to accept. Default: indexes and image manifests of OCI and Docker, which OCI artifacts also are. */
  readonly mediaTypes?: readonly string[];
}

export interface BlobOptions {
  /** Where to begin, for a download that was cut off. Default: 0. */
  readonly from?: number;
  /** The size that the blob has by its manifest: the answer may have no more bytes. Default: unknown, no limit. */
  readonly size?: number;
}

/** A blob on its way. */
export interface BlobStream {
  /** Where the bytes begin: 0 if the registry does not begin elsewhere. */
  readonly from: number;
  /** Unchecked bytes; throws RegistryError of the kind interrupted if they end early, and for too many. */
  readonly bytes: AsyncIterable<Buffer>;
}

/**
 * Reads from registries by the OCI distribution API, with basic and token authentication.
 *
 * The server is not trusted: every answer has a limit in size (`MAX_BYTES`), every request and every question with its
 * retries one in time (`Limits`), and what a server says in words is shortened, made printable, and stripped of the
 * login. Each method throws RegistryError when the registry gives no usable answer.
 */
export class RegistryClient {
  readonly #transport: Transport;
  readonly #limits: Limits;

  constructor(options: TransportOptions) {
    this.#transport = new Transport(options);
    this.#limits = options.http.limits;
  }

  /**
   * The digest of a tag or digest, as the registry states it in a header; computed from the manifest if it does not.
   *
   * @returns undefined if there is no such image
   */
  async digestOf(image: Repository, reference: string): Promise<string | undefined> {
    return (await this.head(image, reference)).digest;
  }

  /** The same, with what the headers of the answer say of the server. Docker Hub does not count it as a pull. */
  head(image: Repository, reference: string): Promise<Head> {
    return this.#transport.question(image.registry, (deadline) => this.#head(image, reference, deadline));
  }

  /**
   * How a registry is logged in to, for messages: whether it asked for a login so far, and the file or helper that one for
   * this repository comes from, if there is one.
   */
  loginFor(image: Repository): Promise<{ readonly asked: boolean; readonly from?: string }> {
    return this.#transport.loginFor(image);
  }

  /**
   * Starts an upload to a repository and cancels it: whether the login may push there. Nothing is left.
   *
   * @returns whether the registry accepted the cancellation; otherwise it removes the upload when it expires
   */
  tryUpload(image: Repository): Promise<{ readonly cancelled: boolean }> {
    return this.#transport.question(image.registry, (deadline) =>
      tryUpload(this.#transport, image, deadline),
    );
  }

  /**
   * Pushes a test image of less than 2 KB at a tag, and deletes it.
   *
   * @param options.sparseIndex pushes an index above it, one of whose two manifests does not exist
   */
  probePush(image: Repository, options: ProbeOptions): Promise<ProbedPush> {
    return this.#transport.question(image.registry, (deadline) =>
      probePush(this.#transport, image, deadline, options),
    );
  }

  /**
   * The manifest or index of a tag or digest; at most 4 MiB.
   *
   * @returns undefined if there is no such image
   * @throws RegistryError also if the bytes are not those of the digest that was asked for
   */
  manifest(image: Repository, reference: string, options?: ManifestOptions): Promise<Manifest | undefined> {
    return this.#transport.question(image.registry, (deadline) =>
      this.#manifest(image, reference, deadline, options),
    );
  }

  /**
   * A blob, piece by piece. Bytes are not checked against the digest. Once they come, the time of the question is over:
   * they may pause for as long as a request may take, and must come at 16 KiB per second on average, if the size is known.
   *
   * @throws RegistryError also if the registry does not have it
   */
  blob(image: Repository, digest: string, options: BlobOptions = {}): Promise<BlobStream> {
    const { from = 0, size } = options;
    const name = `${repositoryName(image)} ${digest}`;
    return this.#transport.question(image.registry, async (deadline) => {
      const { request, bytesPerSecond } = this.#limits;
      const bodyTime =
        size === undefined ? MAX_TIMER : Math.min(MAX_TIMER, request + (size / bytesPerSecond) * 1000);
      const headers: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
      const response = await this.#transport.send(image, `blobs/${digest}`, deadline, { headers, bodyTime });
      const { statusCode: status } = response;
      if (status !== 200 && (status !== 206 || from === 0)) {
        throw await this.#transport.unexpected(response, image.registry, name);
      }
      // Until the caller reads the blob, nobody else listens: an error of the connection would end the process.
      response.body.on('error', () => {});
      const begin = status === 206 ? from : 0;
      return { from: begin, bytes: bounded(response, name, size === undefined ? Infinity : size - begin) };
    });
  }

  /**
   * A whole blob, for the small ones: a configuration, a signature's payload.
   *
   * @param limit the most bytes that it may have
   * @throws RegistryError also if the bytes are not those of the digest
   */
  async readBlob(image: Repository, digest: string, limit: number): Promise<Buffer> {
    const name = `${repositoryName(image)} ${digest}`;
    const bytes = await this.#transport.question(image.registry, async (deadline) => {
      const response = await this.#transport.send(image, `blobs/${digest}`, deadline);
      if (response.statusCode !== 200) throw await this.#transport.unexpected(response, image.registry, name);
      return readBody(response, limit, name);
    });
    const [algorithm = '', hex] = digest.split(':');
    if (!isDigest(digest) || createHash(algorithm).update(bytes).digest('hex') !== hex) {
      throw new RegistryError('unexpected', `${name}: the registry serves other bytes than the digest says`);
    }
    return bytes;
  }

  /**
   * All tags of a repository, in the registry's order; at most 20,000.
   *
   * @returns undefined if there is no such repository
   */
  tags(image: Repository): Promise<string[] | undefined> {
    return this.#transport.question(image.registry, (deadline) => readTags(this.#transport, image, deadline));
  }

  /**
   * What refers to a manifest (OCI distribution specification 1.1, "Listing Referrers"): signatures, attestations, SBOMs.
   * Asks the referrers API or, if the registry has none, reads the index at the fallback tag `sha256-<hex>`. At most
   * 20,000.
   *
   * @param artifactType only those of this type. Default: all.
   */
  referrers(image: Repository, digest: string, artifactType?: string): Promise<Referrers> {
    return this.#transport.question(image.registry, async (deadline) => {
      // Mostly there is no such tag, and HEAD does not count against the quota of Docker Hub.
      const atTag = async (tag: string): Promise<Manifest | undefined> => {
        const { digest: there } = await this.#head(image, tag, deadline);
        return there === undefined ? undefined : this.#manifest(image, tag, deadline);
      };
      return readReferrers(this.#transport, image, digest, { artifactType, deadline, atTag });
    });
  }

  async #head(image: Repository, reference: string, deadline: Deadline): Promise<Head> {
    const headers = accept();
    const response = await this.#transport.send(image, `manifests/${reference}`, deadline, {
      method: 'HEAD',
      headers,
    });
    await discard(response);
    const { statusCode: status } = response;
    const server = readServerHeaders(response);
    if (status === 404) return server;
    const name = `${repositoryName(image)} ${reference}`;
    if (status === 429 || status >= 500)
      throw await this.#transport.unexpected(response, image.registry, name);
    const digest = response.headers['docker-content-digest'];
    if (status !== 200 || typeof digest !== 'string' || !isDigest(digest)) {
      // HEAD is optional for a registry in the field, and so is the header.
      const manifest = await this.#manifest(image, reference, deadline);
      return manifest ? { ...server, digest: manifest.digest } : server;
    }
    if (isDigest(reference) && reference !== digest) throw otherDigest(name, digest);
    return { ...server, digest };
  }

  async #manifest(
    image: Repository,
    reference: string,
    deadline: Deadline,
    { mediaTypes }: ManifestOptions = {},
  ): Promise<Manifest | undefined> {
    const headers = accept(mediaTypes);
    const response = await this.#transport.send(image, `manifests/${reference}`, deadline, { headers });
    if (response.statusCode === 404) {
      await discard(response);
      return undefined;
    }
    const name = `${repositoryName(image)} ${reference}`;
    if (response.statusCode !== 200) throw await this.#transport.unexpected(response, image.registry, name);
    const bytes = await readBody(response, MAX_BYTES.manifest, name);
    this.#transport.assertNoEcho(bytes, name);
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    if (reference.includes(':') && reference !== digest) throw otherDigest(name, digest);
    return { digest, bytes };
  }
}

/** What setTimeout can wait for: almost 25 days. */
const MAX_TIMER = 2 ** 31 - 1;

function accept(mediaTypes: readonly string[] = MANIFEST_TYPES): { accept: string } {
  return { accept: mediaTypes.join(', ') };
}

function isDigest(text: string): boolean {
  return /^sha256:[0-9a-f]{64}$|^sha512:[0-9a-f]{128}$/.test(text);
}

function otherDigest(name: string, digest: string): RegistryError {
  return new RegistryError('unexpected', `${name}: the registry serves a manifest with the digest ${digest}`);
}

async function* bounded(response: HttpResponse, name: string, limit: number): AsyncGenerator<Buffer> {
  let length = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limit)
        throw new RegistryError(
          'unexpected',
          `${name}: the registry serves more bytes than the manifest says`,
        );
      yield chunk;
    }
  } catch (error) {
    throw error instanceof RegistryError ? error : interrupted(name, error);
  }
}
