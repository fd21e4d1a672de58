import { existsSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import type { Environment } from '../input/environment.ts';
import { readTextFile } from '../input/file.ts';
import { InputError, startOf } from '../input/problem.ts';

/** Where distributions keep the certificates that the machine trusts: Go's list, so skopeo's too. */
const SYSTEM_FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * The PEM certificates to trust: those of SSL_CERT_FILE or else of the machine, as for skopeo, where there are none
 * Node's own; and beside them those of NODE_EXTRA_CA_CERTS and of `caFile`.
 *
 * @throws InputError for a file that is not there or holds no certificate
 */
export function trustedCertificates(environment: Environment, caFile?: string): string[] {
  const { SSL_CERT_FILE, NODE_EXTRA_CA_CERTS } = environment;
  const system = SSL_CERT_FILE || SYSTEM_FILES.find((file) => existsSync(file));
  const extra = [NODE_EXTRA_CA_CERTS, caFile].flatMap((file) => (file ? [file] : []));
  return [
    ...(system ? [readCertificates(system)] : rootCertificates),
    ...extra.map((file) => readCertificates(file)),
  ];
}

function readCertificates(file: string): string {
  const text = readTextFile(file, 'certificates of authorities as PEM');
  if (/-----BEGIN CERTIFICATE-----/.test(text)) return text;
  throw new InputError([
    {
      place: startOf(file),
      message: 'the file holds no certificate; expected PEM, with a line -----BEGIN CERTIFICATE-----',
    },
  ]);
}
