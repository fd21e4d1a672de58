import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { certificateProblem } from '../registry/failure.ts';
import type { ObservedCertificate } from './observation.ts';

/**
 * The certificate that a server shows.
 *
 * @param certificates what to trust, PEM
 * @returns undefined if the server speaks no TLS or does not answer in time
 */
export function inspectCertificate(
  host: string,
  port: number,
  certificates: readonly string[],
  milliseconds: number,
): Promise<ObservedCertificate | undefined> {
  return new Promise((resolve) => {
    const name = host.replace(/^\[|\]$/g, '');
    const socket = connect({
      host: name,
      port,
      ca: [...certificates],
      ...(isIP(name) === 0 && { servername: name }),
      // What is wrong with it is looked at below; nothing is sent.
      rejectUnauthorized: false,
    });
    const end = (seen?: ObservedCertificate): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(seen);
    };
    const timer = setTimeout(end, milliseconds);
    socket.once('error', () => end());
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerCertificate(true);
      const problem = socket.authorized
        ? undefined
        : certificateProblem(socket.authorizationError, certificate);
      end({
        issuer: issuerOf(certificate),
        validTo: new Date(certificate.valid_to),
        ...(problem && { problem }),
      });
    });
  });
}

/** The name of the last CA of the chain that was shown or found. */
function issuerOf(certificate: DetailedPeerCertificate): string {
  let last = certificate;
  for (let depth = 0; depth < 10; depth++) {
    const next = last.issuerCertificate;
    if (!next || next === last || next.fingerprint256 === last.fingerprint256) break;
    last = next;
  }
  const { CN, O } = last.issuer ?? {};
  const [name] = [CN, O].flat().filter((it) => typeof it === 'string' && it !== '');
  return (name ?? 'a CA without a name').slice(0, 100);
}
