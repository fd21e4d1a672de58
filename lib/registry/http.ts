import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import type { Environment } from '../input/environment.ts';
import { InputError } from '../input/problem.ts';
import { proxyFor } from '../input/proxy.ts';
import { discard, type HttpResponse } from './body.ts';
import { isTransient, Overdue, unreachable } from './failure.ts';
import { DEFAULT_LIMITS, type Deadline, type Limits, MAX_BYTES } from './limits.ts';
import { trustedCertificates } from './trust.ts';

export interface HttpOptions {
  /** Where proxies and certificates are named, as `process.env`. */
  readonly environment: Environment;
  /** File of PEM certificates to trust beside those of the machine. */
  readonly caFile?: string;
  /** @default DEFAULT_LIMITS */
  readonly limits?: Limits;
}

/** A request, but for its URL. */
export interface HttpRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Accepts any certificate. */
  readonly insecure?: boolean;
  /** Tries only once. */
  readonly once?: boolean;
  /** Longest time for the body, in milliseconds from the headers on. Default: what is left of the request's time. */
  readonly bodyTime?: number;
}

const ATTEMPTS = 5;
/** A server that asks for a longer pause than this is not waited for: its answer is the result. */
const LONGEST_PAUSE_MS = 60_000;
const TRANSIENT_STATUS = [429, 500, 502, 503, 504];

/** HTTP over kept connections, through the proxy that the environment names, with retries and limits. */
export class Http {
  readonly limits: Limits;
  readonly #environment: Environment;
  readonly #certificates: readonly string[];
  readonly #dispatchers = new Map<string, Dispatcher>();

  /** @throws InputError for a file of certificates that cannot be used */
  constructor({ environment, caFile, limits = DEFAULT_LIMITS }: HttpOptions) {
    this.limits = limits;
    this.#environment = environment;
    this.#certificates = trustedCertificates(environment, caFile);
  }

  /**
   * Sends a request; redirects are not followed. It is repeated on 429, 5xx and failures of the connection, up to five
   * times and as long as the deadline allows, after the pause that the server asks for (Retry-After) or else half a
   * second, doubling.
   *
   * @throws RegistryError when there is no answer
   */
  async send(
    url: URL,
    deadline: Deadline,
    { once = false, ...options }: HttpRequest = {},
  ): Promise<HttpResponse> {
    for (let attempt = 1; ; attempt++) {
      const last = once || attempt === ATTEMPTS;
      let pause = this.limits.firstPause * 2 ** (attempt - 1);
      try {
        const response = await this.#request(url, deadline, options);
        if (last || !TRANSIENT_STATUS.includes(response.statusCode)) return response;
        const asked = retryAfter(response.headers['retry-after']);
        if (asked !== undefined && asked > LONGEST_PAUSE_MS) return response;
        pause = asked ?? pause;
        if (!deadline.allows(pause)) return response;
        await discard(response);
      } catch (error) {
        if (last || !isTransient(error) || !deadline.allows(pause)) {
          throw error instanceof InputError ? error : unreachable(url.host, error, this.#proxyHost(url));
        }
      }
      await sleep(pause);
    }
  }

  /** Ends all connections, so that the process can end. */
  async close(): Promise<void> {
    await Promise.all([...this.#dispatchers.values()].map((dispatcher) => dispatcher.destroy()));
  }

  async #request(
    url: URL,
    deadline: Deadline,
    { insecure = false, bodyTime, ...options }: HttpRequest,
  ): Promise<HttpResponse> {
    const time = Math.min(this.limits.request, deadline.left());
    const controller = new AbortController();
    const end = (milliseconds: number): void => controller.abort(new Overdue(milliseconds));
    let timer = setTimeout(end, time, time);
    // undici hears of the signal only once it has a connection: a proxy that never answers would hold it.
    const overdue = new Promise<never>((_, reject) => {
      controller.signal.addEventListener('abort', () => reject(controller.signal.reason));
    });
    overdue.catch(() => {});
    try {
      const dispatcher = this.#dispatcher(url, insecure);
      const response = await Promise.race([
        request(url, { ...options, dispatcher, signal: controller.signal }),
        overdue,
      ]);
      if (bodyTime !== undefined) {
        clearTimeout(timer);
        timer = setTimeout(end, bodyTime, bodyTime);
      }
      // Without a listener a connection that breaks before the body is read would end the process.
      response.body.on('error', () => {}).once('close', () => clearTimeout(timer));
      return response;
    } catch (error) {
      clearTimeout(timer);
      throw error;
    }
  }

  #dispatcher(url: URL, insecure: boolean): Dispatcher {
    const proxy = proxyFor(url, this.#environment);
    const key = `${insecure} ${proxy ?? ''}`;
    let dispatcher = this.#dispatchers.get(key);
    if (!dispatcher) {
      // One context for all connections: reading the certificates for each of them takes longer than the handshake.
      const secureContext = createSecureContext({ ca: [...this.#certificates] });
      const tls = {
        secureContext,
        rejectUnauthorized: !insecure,
        timeout: Math.min(10_000, this.limits.request),
      };
      const { request: time } = this.limits;
      const options = { headersTimeout: time, bodyTimeout: time, maxHeaderSize: MAX_BYTES.headers };
      dispatcher = proxy
        ? new ProxyAgent({
            uri: checkedProxy(proxy),
            requestTls: tls,
            proxyTls: { secureContext },
            // Plain HTTP goes through as such: few proxies open tunnels to other ports than 443.
            proxyTunnel: false,
            ...options,
          })
        : new Agent({ connect: tls, ...options });
      this.#dispatchers.set(key, dispatcher);
    }
    return dispatcher;
  }

  /** For messages: a proxy's URL may hold a password. */
  #proxyHost(url: URL): string | undefined {
    const proxy = proxyFor(url, this.#environment);
    return proxy && URL.canParse(proxy) ? new URL(proxy).host : undefined;
  }
}

/** Proxies have passwords in them: one that is no URL is refused without repeating it. */
function checkedProxy(proxy: string): string {
  if (URL.canParse(proxy)) return proxy;
  throw new InputError([
    {
      message:
        'the proxy that the environment names (HTTPS_PROXY, HTTP_PROXY) is no URL; expected http://host:port',
    },
  ]);
}

function retryAfter(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
