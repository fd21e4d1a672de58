import { BlockList, isIP } from 'node:net';
import type { Environment } from '../input/environment.ts';

/**
 * The proxy for a URL, as skopeo would choose it from the same environment: HTTPS_PROXY or HTTP_PROXY by the scheme,
 * unless NO_PROXY names the host; in capitals or not. Loopback is never asked through a proxy. (The rules are those
 * of Go's golang.org/x/net/http/httpproxy: an entry `example.org` holds for its subdomains too, `.example.org` for
 * them alone, a port only for that port, an address range as CIDR.)
 */
export function proxyFor(url: URL, environment: Environment): string | undefined {
  const variable = (name: string): string =>
    environment[name.toLowerCase()] || environment[name.toUpperCase()] || '';
  const proxy = variable(url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (proxy === '' || isExempt(url, variable('NO_PROXY'))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function isExempt(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const family = isIP(host) === 6 ? 'ipv6' : 'ipv4';
  if (host === 'localhost' || (isIP(host) && loopback.check(host, family))) return true;
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return noProxy.split(',').some((listed) => {
    const entry = listed.trim().toLowerCase();
    if (entry === '*') return true;
    const [address = '', prefix] = entry.split('/');
    if (prefix !== undefined) {
      const longest = isIP(address) === 6 ? 128 : 32;
      if (!isIP(address) || !isIP(host) || !/^\d+$/.test(prefix) || Number(prefix) > longest) return false;
      const range = new BlockList();
      range.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4');
      return range.check(host, family);
    }
    const { name = '', only } =
      /^(?:\[(?<v6>.+)\]|(?<name>[^:]+))(?::(?<only>\d+))?$/.exec(entry)?.groups ?? {};
    if (entry === '' || (only !== undefined && only !== port)) return false;
    if (isIP(entry) || isIP(name)) return host === (isIP(entry) ? entry : name);
    const suffix = name.replace(/^\*/, '');
    return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
  });
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
