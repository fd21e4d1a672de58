import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isExempt, isServerExempt, proxyFor, proxyVariables } from '../../lib/input/proxy.ts';

/** What Go does with the same: .ci/proxy/run --write wrote it. */
interface GoTable {
  readonly urls: readonly string[];
  readonly exemptions: readonly { readonly noProxy: string; readonly proxied: string }[];
  readonly environments: readonly {
    readonly variables: Readonly<Record<string, string>>;
    readonly https: string;
    readonly http: string;
  }[];
}
const go = JSON.parse(readFileSync('test/fixtures/proxy/go.json', 'utf8')) as GoTable;

describe('as Go decides', () => {
  test('the table has all of it', () => {
    expect(go.urls.length * go.exemptions.length).toBeGreaterThan(3000);
  });

  test.each(go.exemptions)('NO_PROXY=$noProxy', ({ noProxy, proxied }) => {
    const ours = go.urls.map((url) => `${url} ${isExempt(new URL(url), noProxy) ? 0 : 1}`);
    expect(ours).toEqual(go.urls.map((url, index) => `${url} ${proxied[index]}`));
  });

  test.each(go.environments)('$variables', ({ variables, https, http }) => {
    expect(proxyFor(new URL('https://bank.example'), variables) ?? '').toBe(https);
    expect(proxyFor(new URL('http://bank.example'), variables) ?? '').toBe(http);
  });
});

describe('for any host and any entries', () => {
  const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/);
  const host = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.'));
  const url = (name: string, port = ''): URL => new URL(`https://${name}${port && `:${port}`}`);
  const noise = fc.array(
    fc.oneof(
      host,
      fc.string({ maxLength: 12 }).map((it) => it.replace(/[*,]/g, '')),
    ),
  );

  test('a host exempts itself and what is below it, and no other name', () => {
    fc.assert(
      fc.property(host, label, (name, below) => {
        expect(isExempt(url(name), name)).toBe(true);
        expect(isExempt(url(`${below}.${name}`), name.toUpperCase())).toBe(true);
        expect(isExempt(url(`${below}${name}`), name)).toBe(false);
        expect(isExempt(url(name), `.${name}`)).toBe(false);
        expect(isExempt(url(`${below}.${name}`), `*.${name}`)).toBe(true);
      }),
    );
  });

  test('further entries and blanks never take an exemption away', () => {
    fc.assert(
      fc.property(host, noise, (name, others) => {
        expect(isExempt(url(name), [...others, ` ${name} `].join(','))).toBe(true);
        expect(isExempt(url(name), [...others, '*'].join(','))).toBe(true);
      }),
    );
  });

  test('a port holds for that port alone', () => {
    fc.assert(
      fc.property(
        host,
        fc.integer({ min: 1, max: 65535 }),
        fc.integer({ min: 1, max: 65535 }),
        (name, one, other) => {
          expect(isExempt(url(name, String(one)), `${name}:${other}`)).toBe(one === other);
        },
      ),
    );
  });

  test('a network holds the addresses with its bits, and no name', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffffffff),
        fc.nat(0xffffffff),
        fc.nat(32),
        host,
        (network, address, bits, name) => {
          const text = (value: number): string =>
            [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
          const same = bits === 0 || network >>> (32 - bits) === address >>> (32 - bits);
          const isLoopback = address >>> 24 === 127;
          expect(isExempt(url(text(address)), `${text(network)}/${bits}`)).toBe(same || isLoopback);
          expect(isExempt(url(name), `${text(network)}/${bits}`)).toBe(false);
        },
      ),
    );
  });
});

test('the variables that a process gets choose what the configuration says', () => {
  const proxy = { url: 'http://proxy.bank.example:3128', noProxy: ['.bank.example', '10.0.0.0/8'] };
  const variables = proxyVariables(proxy);
  expect(variables).toEqual({
    HTTPS_PROXY: proxy.url,
    HTTP_PROXY: proxy.url,
    NO_PROXY: '.bank.example,10.0.0.0/8',
  });
  for (const server of ['registry.bank.example:5000', 'ghcr.io', '10.1.2.3', '[fd00::1]:5000']) {
    const direct = proxyFor(new URL(`https://${server}`), variables) === undefined;
    expect(isServerExempt(server, proxy.noProxy)).toBe(direct);
  }
  expect(proxyVariables({ url: proxy.url })).not.toHaveProperty('NO_PROXY');
});
