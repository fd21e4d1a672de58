import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { startSigstore, type TestSigstore } from '../../test/support/sigstore.ts';

// Fulcio and Rekor on loopback, over the sigstore of the tests, so that the real cosign signs without a key.

export interface SigstoreServer {
  readonly url: string;
  readonly sigstore: TestSigstore;
  stop(): void;
}

/** Starts the two services. Fulcio believes every identity token. */
export async function startSigstoreServer(): Promise<SigstoreServer> {
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const answer = (status: number, value: object, headers = {}): void => {
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(value));
    };
    if (request.url === '/api/v2/signingCert') {
      const token = String(request.headers.authorization).replace('Bearer ', '');
      const certificates = await sigstore.certify(
        JSON.parse(body).publicKeyRequest.publicKey.content,
        claimsOf(token),
      );
      return answer(200, { signedCertificateEmbeddedSct: { chain: { certificates } } });
    }
    if (request.url === '/api/v1/log/entries') {
      const [id = '', entry] = await sigstore.append(canonical(JSON.parse(body)));
      return answer(201, { [id]: entry }, { etag: id, location: `/api/v1/log/entries/${id}` });
    }
    return answer(404, {});
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sigstore = await startSigstore(url);
  return { url, sigstore, stop: () => server.close() };
}

/** An identity token; nobody checks its signature. */
export function identityToken(issuer: string, subject: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, sub: subject, aud: 'sigstore', iat: now, exp: now + 600 };
  return [part({ alg: 'RS256', typ: 'JWT' }), part(claims), part({})].join('.');
}

function claimsOf(token: string): { issuer: string; subject: string } {
  const { iss, sub } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  return { issuer: iss, subject: sub };
}

interface Proposed {
  readonly kind: string;
  readonly spec: {
    readonly proposedContent?: { readonly envelope: string; readonly verifiers: readonly string[] };
  };
}

/** What Rekor keeps of a proposed entry: of an envelope, the hashes and signatures. */
function canonical(entry: Proposed): object {
  const proposed = entry.spec.proposedContent;
  if (!proposed) return entry;
  const { payload, signatures } = JSON.parse(proposed.envelope);
  const hashOf = (data: string | Buffer) => ({
    algorithm: 'sha256',
    value: createHash('sha256').update(data).digest('hex'),
  });
  return {
    kind: entry.kind,
    apiVersion: '0.0.1',
    spec: {
      envelopeHash: hashOf(proposed.envelope),
      payloadHash: hashOf(Buffer.from(payload, 'base64')),
      signatures: [{ signature: signatures[0].sig, verifier: proposed.verifiers[0] }],
    },
  };
}
