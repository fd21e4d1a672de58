import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import type { Environment } from '../input/environment.ts';
import { InputError } from '../input/problem.ts';
import { RegistryError } from './error.ts';
import { proxyFor } from './proxy.ts';
import { trustedCertificates } from './trust.ts';

export interface HttpOptions {
  /** Where proxies and certificates are named, as `process.env`. */
  readonly environment: Environment;
  /** File of PEM certificates to trust beside those of the machine. */
  readonly caFile?: string;
}

/** A request, but for its URL. */
export interface HttpRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Takes any certificate. */
  readonly insecure?: boolean;
  /** Tries once only. */
  readonly once?: boolean;
}

/** The answer; its body has to be read or dumped, or the connection stays taken. */
export type HttpResponse = Dispatcher.ResponseData;

const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 500;
/** A server that wants a longer pause than this is not waited for: its answer is the result. */
const LONGEST_PAUSE_MS = 60_000;
const TRANSIENT_STATUS = [429, 500, 502, 503, 504];
const TRANSIENT_CODES = [
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
];

/** HTTP over kept connections, through the proxy that the environment names, with repeats of what is transient. */
export class Http {
  readonly #environment: Environment;
  readonly #certificates: readonly string[];
  readonly #dispatchers = new Map<string, Dispatcher>();

  /** @throws InputError for a file of certificates that cannot be used */
  constructor({ environment, caFile }: HttpOptions) {
    this.#environment = environment;
    this.#certificates = trustedCertificates(environment, caFile);
  }

  /**
   * One request; redirects are not followed. Repeated on 429, 5xx and failures of the connection, up to five times,
   * after the pause that the server asks for (Retry-After) or else half a second, doubling.
   *
   * @throws RegistryError when there is no answer
   */
  async send(
    url: URL,
    { insecure = false, once = false, ...options }: HttpRequest = {},
  ): Promise<HttpResponse> {
    const dispatcher = this.#dispatcher(url, insecure);
    for (let attempt = 1; ; attempt++) {
      const last = once || attempt === ATTEMPTS;
      let pause = FIRST_PAUSE_MS * 2 ** (attempt - 1);
      try {
        const response = await request(url, { ...options, dispatcher });
        if (last || !TRANSIENT_STATUS.includes(response.statusCode)) return response;
        const asked = retryAfter(response.headers['retry-after']);
        if (asked !== undefined && asked > LONGEST_PAUSE_MS) return response;
        pause = asked ?? pause;
        await response.body.dump();
      } catch (error) {
        if (last || !isTransient(error)) throw unreachable(url, error);
      }
      await sleep(pause);
    }
  }

  /** Ends all connections, so that the process can end. */
  async close(): Promise<void> {
    await Promise.all([...this.#dispatchers.values()].map((dispatcher) => dispatcher.destroy()));
  }

  #dispatcher(url: URL, insecure: boolean): Dispatcher {
    const proxy = proxyFor(url, this.#environment);
    const key = `${insecure} ${proxy ?? ''}`;
    let dispatcher = this.#dispatchers.get(key);
    if (!dispatcher) {
      // One context for all connections: reading the certificates anew for each takes longer than the handshake.
      const secureContext = createSecureContext({ ca: [...this.#certificates] });
      const tls = { secureContext, rejectUnauthorized: !insecure, timeout: 10_000 };
      const timeouts = { headersTimeout: 60_000, bodyTimeout: 60_000 };
      dispatcher = proxy
        ? new ProxyAgent({
            uri: checkedProxy(proxy),
            requestTls: tls,
            proxyTls: { secureContext },
            // Plain HTTP goes through as such: few proxies open tunnels to other ports than 443.
            proxyTunnel: false,
            ...timeouts,
          })
        : new Agent({ connect: tls, ...timeouts });
      this.#dispatchers.set(key, dispatcher);
    }
    return dispatcher;
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

/** Whether a failure may be gone at the next attempt: of the connection, or an answer that is no HTTP. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  return TRANSIENT_CODES.includes(code) || code.startsWith('HPE_');
}

/** The error that says that a server gave no answer, or none to the end. */
export function unreachable(url: URL, error: unknown): RegistryError {
  const code = codeOf(error);
  const detail = error instanceof Error ? error.message : String(error);
  const certificate = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/.test(code);
  const hint = certificate ? '; name the file of its authority with --ca or SSL_CERT_FILE' : '';
  return new RegistryError('unreachable', `${url.host} cannot be asked: ${detail || code}${hint}`);
}

/** The code of a failed connection; of several addresses that were tried, that of the first. */
export function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function retryAfter(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
