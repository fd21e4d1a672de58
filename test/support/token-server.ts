import { randomUUID, sign, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What an account may do with every repository. */
export interface Account {
  readonly password: string;
  readonly actions: readonly ('pull' | 'push' | 'delete')[];
}

export interface TokenServer {
  /** For `RegistryOptions.token`. */
  readonly settings: { realm: string; service: string; issuer: string; rootCertFile: string };
  stop(): void;
}

/**
 * A token server whose tokens a real docker-registry checks: signed, and with no more rights than the account has
 * (https://distribution.github.io/distribution/spec/auth/jwt/).
 *
 * @param signer a certificate with its key, and that of the CA that issued it
 */
export async function startTokenServer(
  accounts: Readonly<Record<string, Account>>,
  signer: { certFile: string; keyFile: string; caFile: string },
): Promise<TokenServer> {
  const key = readFileSync(signer.keyFile, 'utf8');
  const certificate = new X509Certificate(readFileSync(signer.certFile)).raw.toString('base64');
  const issue = (user: string, service: string, access: object[]): string => {
    const now = Math.floor(Date.now() / 1000);
    const header = { typ: 'JWT', alg: 'ES256', x5c: [certificate] };
    const claims = {
      iss: 'test',
      sub: user,
      aud: service,
      exp: now + 300,
      nbf: now - 10,
      iat: now,
      jti: randomUUID(),
      access,
    };
    const text = [header, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  };
  const server = http.createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://x');
    const [, basic = ''] = /^Basic (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    const [user = '', password] = Buffer.from(basic, 'base64').toString().split(':');
    const account = accounts[user];
    if (!account || account.password !== password) return response.writeHead(401).end();
    const access = searchParams.getAll('scope').map((scope) => {
      const [type, name, actions = ''] = scope.split(':');
      const granted = actions.split(',').filter((it) => account.actions.some((may) => may === it));
      return { type, name, actions: granted };
    });
    return response.end(JSON.stringify({ token: issue(user, searchParams.get('service') ?? '', access) }));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const realm = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  return {
    settings: { realm, service: 'registry', issuer: 'test', rootCertFile: signer.caFile },
    stop: () => server.close(),
  };
}
