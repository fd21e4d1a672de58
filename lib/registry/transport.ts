import type { ImageReference } from '../image/reference.ts';
import { type Actions, Authorizer, type LoginFinder } from './authorizer.ts';
import { discard, type HttpResponse, readErrorText } from './body.ts';
import { RegistryError } from './error.ts';
import type { Http, HttpRequest } from './http.ts';
import { Deadline, MAX_REDIRECTS } from './limits.ts';

export interface TransportOptions {
  readonly http: Http;
  readonly credentials: LoginFinder;
  /** Servers that may be spoken to over plain HTTP or with a certificate that is not checked. */
  readonly insecure?: readonly string[];
}

/** The repository of an image, by tag or digest or alone. */
export type Repository = Pick<ImageReference, 'registry' | 'repository'>;

/** A request to a registry, behind `/v2/REPOSITORY/`. */
export interface RegistryRequest extends Omit<HttpRequest, 'insecure' | 'once'> {
  /** What the login must allow. Default: pull. */
  readonly actions?: Actions;
}

/** Carries questions to registries: the connection, logins, redirects, and the time that all of it may take. */
export class Transport {
  readonly #http: Http;
  readonly #authorizer: Authorizer;
  readonly #insecure: ReadonlySet<string>;
  readonly #bases = new Map<string, Promise<URL>>();
  readonly #answered = new Map<string, number>();
  readonly #givenUp = new Map<string, RegistryError>();

  constructor({ http, credentials, insecure = [] }: TransportOptions) {
    this.#http = http;
    this.#insecure = new Set(insecure.map((server) => hostOf(server).toLowerCase()));
    this.#authorizer = new Authorizer({ http, credentials, isInsecure: (url) => this.#isInsecure(url) });
  }

  /**
   * Runs everything that one question to a server takes, within the time of a question. A server that used up that time
   * without answering anything is not asked again: a thousand images would take a thousand times as long.
   *
   * @throws RegistryError whose message holds nothing of the login
   */
  async question<T>(server: string, work: (deadline: Deadline) => Promise<T>): Promise<T> {
    const givenUp = this.#givenUp.get(server);
    if (givenUp) throw givenUp;
    const deadline = new Deadline(this.#http.limits.question);
    const before = this.#answered.get(server) ?? 0;
    try {
      const result = await work(deadline);
      this.#answered.set(server, (this.#answered.get(server) ?? 0) + 1);
      return result;
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      const safe = new RegistryError(error.kind, this.#authorizer.sent.redact(error.message), error.status);
      if (deadline.missed && before === (this.#answered.get(server) ?? 0)) {
        this.#givenUp.set(
          server,
          new RegistryError(error.kind, `not asked, because before: ${safe.message}`, error.status),
        );
      }
      throw safe;
    }
  }

  /**
   * Sends a request about a repository, logs in if the registry asks for it, and follows redirects.
   *
   * @param path behind `/v2/REPOSITORY/`, or with a slash in front on the server
   * @throws RegistryError when there is no answer, or the login is refused
   */
  async send(
    image: Repository,
    path: string,
    deadline: Deadline,
    { actions = 'pull', ...options }: RegistryRequest = {},
  ): Promise<HttpResponse> {
    const base = await this.#base(image.registry, deadline);
    const start = new URL(path.startsWith('/') ? path : `/v2/${image.repository}/${path}`, base);
    for (let attempt = 1; ; attempt++) {
      const authorization = await this.#authorizer.authorization(image, actions, deadline);
      const response = await this.#follow(start, authorization, deadline, options);
      if (response.statusCode !== 401) return response;
      await discard(response);
      const learned = this.#authorizer.learn(image, response.headers['www-authenticate'], authorization);
      if (!learned || attempt === 2) throw await this.#authorizer.refusal(image);
    }
  }

  /**
   * The error for an answer with a status that is not the expected one.
   *
   * @param name what was asked for
   */
  async unexpected(response: HttpResponse, server: string, name: string): Promise<RegistryError> {
    const { statusCode: status } = response;
    const text = await readErrorText(response);
    const said = text ? `; it says: ${this.#authorizer.sent.redact(text)}` : '';
    if (status === 403) {
      return new RegistryError('unauthorized', `${name}: ${server} denies access (403)${said}`, status);
    }
    if (status === 429) {
      const words = 'rate-limited the request (429): try again later, or log in if you have not';
      return new RegistryError('rate-limited', `${name}: ${server} ${words}${said}`, status);
    }
    const words = status === 404 ? 'does not have it (404)' : `answers ${status}`;
    const whose = status >= 500 ? ', which is a problem of its own' : '';
    return new RegistryError('unexpected', `${name}: ${server} ${words}${whose}${said}`, status);
  }

  /** @throws RegistryError if an answer repeats a login: nothing of it goes any further */
  assertNoEcho(bytes: Buffer, name: string): void {
    if (!this.#authorizer.sent.areIn(bytes)) return;
    throw new RegistryError(
      'unexpected',
      `${name}: the server repeats the login that it was sent in its answer`,
    );
  }

  /** How a registry is logged in to. Known once it was asked something. */
  async loginFor(image: Repository): Promise<{ asked: boolean; from?: string }> {
    const from = (await this.#authorizer.credentialFor(image))?.from;
    return { asked: this.#authorizer.isAskedBy(image.registry), ...(from && { from }) };
  }

  /** Whether a URL is of a server that the configuration names as insecure. Token servers and redirects count as themselves. */
  #isInsecure(url: URL): boolean {
    if (this.#insecure.has(url.host)) return true;
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    return this.#insecure.has(`${url.hostname}:${port}`);
  }

  /** Follows redirects; the login stays with the server that it is for. */
  async #follow(
    start: URL,
    authorization: string | undefined,
    deadline: Deadline,
    options: HttpRequest,
  ): Promise<HttpResponse> {
    let url = start;
    for (let hops = 0; ; hops++) {
      const own = url.origin === start.origin;
      const headers = { ...options.headers, ...(own && authorization && { authorization }) };
      const insecure = this.#isInsecure(url);
      const response = await this.#http.send(url, deadline, { ...options, headers, insecure });
      if (![301, 302, 303, 307, 308].includes(response.statusCode)) return response;
      await discard(response);
      if (hops === MAX_REDIRECTS)
        throw new RegistryError('unexpected', `${start.host} redirects more than ${MAX_REDIRECTS} times`);
      url = this.#next(url, response.headers.location);
    }
  }

  #next(url: URL, location: string | string[] | undefined): URL {
    const wrong = (what: string): RegistryError =>
      new RegistryError('unexpected', `${url.host} redirects ${what}`);
    if (typeof location !== 'string') throw wrong('without saying where to');
    if (!URL.canParse(location, url.href)) throw wrong('to something that is not a URL');
    const next = new URL(location, url);
    if (next.protocol === 'https:' || (next.protocol === 'http:' && this.#isInsecure(next))) return next;
    const hint = next.protocol === 'http:' ? `, or ${next.host} in mirror.insecure` : '';
    throw wrong(`to ${next.protocol}//${next.host}; expected https${hint}`);
  }

  /** Where a server is spoken to: over TLS, or, if it may be insecure and speaks no TLS, over plain HTTP. */
  #base(server: string, deadline: Deadline): Promise<URL> {
    const known = this.#bases.get(server) ?? this.#connect(server, deadline);
    this.#bases.set(server, known);
    return known;
  }

  async #connect(server: string, deadline: Deadline): Promise<URL> {
    const ping = async (scheme: string, options: HttpRequest): Promise<URL> => {
      const base = new URL(`${scheme}://${hostOf(server)}/v2/`);
      await discard(await this.#http.send(base, deadline, options));
      return base;
    };
    if (!this.#insecure.has(hostOf(server).toLowerCase())) return ping('https', {});
    try {
      return await ping('https', { insecure: true, once: true });
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      return await ping('http', {});
    }
  }
}

/** Where a server's API is: for all but Docker Hub under its name. */
function hostOf(server: string): string {
  return server === 'docker.io' ? 'registry-1.docker.io' : server;
}
