import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import type { Environment } from './environment.ts';

// The proxy rules of this tool and of the manifests are those of Go's golang.org/x/net/http/httpproxy, which skopeo
// follows. docs/reference/proxies.md describes them; a test compares them with a table that Go generated.

/** The proxy of `airgap.yaml`. */
export interface Proxy {
  /** `http://host:port`. */
  readonly url: string;
  /** Hosts, domains and networks that are reached without the proxy. */
  readonly noProxy?: readonly string[];
}

/**
 * Returns the proxy for a URL: HTTPS_PROXY or HTTP_PROXY by the URL's scheme, unless NO_PROXY exempts the host.
 * Upper-case names take precedence over lower-case ones; empty variables are ignored.
 *
 * @returns the URL of the proxy, or undefined for a direct connection
 */
export function proxyFor(url: URL, environment: Environment): string | undefined {
  const variable = (name: string): string => environment[name] || environment[name.toLowerCase()] || '';
  const proxy = variable(url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (proxy === '' || isExempt(url, variable('NO_PROXY'))) return undefined;
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}

/** Returns the environment variables for a process that uses the proxy, such as skopeo. */
export function proxyVariables({ url, noProxy = [] }: Proxy): Record<string, string> {
  return {
    HTTPS_PROXY: url,
    HTTP_PROXY: url,
    ...(noProxy.length > 0 && { NO_PROXY: noProxy.join(',') }),
  };
}

/**
 * Returns whether a URL is reached without a proxy: always for `localhost` and loopback addresses, and for entries of
 * NO_PROXY.
 *
 * @param noProxy entries separated by commas: `*`; a host, which includes its subdomains; `.domain` or `*.domain` for
 *   the subdomains alone; an IP address; each of these with `:port`; a network as CIDR
 */
export function isExempt(url: URL, noProxy: string): boolean {
  const host = addressOf(url.hostname.toLowerCase());
  if (host === 'localhost' || contains(LOOPBACK, host)) return true;
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const entries = noProxy.split(',').map((entry) => entry.trim().toLowerCase());
  return entries.some((entry) => matches(entry, host, port));
}

/** Returns whether a server (host[:port], over TLS) is reached without a proxy. */
export function isServerExempt(server: string, noProxy: readonly string[] = []): boolean {
  return isExempt(new URL(`https://${server}`), noProxy.join(','));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const network = parseNetwork(entry);
  if (network) return network.family === isIP(host) && contains(network.addresses, host);
  const { name, only } = splitPort(entry);
  if (only !== '' && only !== port) return false;
  if (isIP(name))
    return host === addressOf(new URL(`http://${isIP(name) === 6 ? `[${name}]` : name}`).hostname);
  const wanted = name.startsWith('*.') ? name.slice(1) : name;
  const domain = wanted.startsWith('.') ? wanted : `.${wanted}`;
  const ascii = /^[\x20-\x7e]*$/.test(domain) ? domain : `.${domainToASCII(domain.slice(1))}`;
  if (ascii === '.') return false;
  return host.endsWith(ascii) || (wanted !== domain && host === ascii.slice(1));
}

/** Splits `host:port` like Go's net.SplitHostPort. Text in another form is a host. */
function splitPort(entry: string): { name: string; only: string } {
  const {
    v6,
    host,
    port = '',
  } = /^(?:\[(?<v6>[^[\]]*)\]|(?<host>[^:[\]]*)):(?<port>[^:[\]]*)$/.exec(entry)?.groups ?? {};
  const name = v6 ?? host;
  return name === undefined ? { name: entry, only: '' } : { name, only: port };
}

/** Parses a network in CIDR notation; undefined for other text. */
function parseNetwork(entry: string): { family: number; addresses: BlockList } | undefined {
  const { address = '', prefix = '' } = /^(?<address>[^/]+)\/(?<prefix>\d{1,3})$/.exec(entry)?.groups ?? {};
  const family = isIP(address);
  if (family === 0 || Number(prefix) > (family === 6 ? 128 : 32)) return undefined;
  const addresses = new BlockList();
  addresses.addSubnet(address, Number(prefix), family === 6 ? 'ipv6' : 'ipv4');
  return { family, addresses };
}

function contains(network: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && network.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** Returns the host of a URL without brackets; an IPv4-mapped IPv6 address as IPv4. */
function addressOf(hostname: string): string {
  const host = hostname.replace(/^\[|\]$/g, '');
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host);
  if (!mapped) return host;
  const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
