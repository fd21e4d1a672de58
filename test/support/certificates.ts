import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CertificateOptions {
  /** subjectAltName: `DNS:localhost`. */
  readonly names: string;
  /** `YYYYMMDDHHMMSSZ`. */
  readonly from?: string;
  readonly to?: string;
}

/** A server's certificate of the CA that `createCertificateAuthority` wrote into the directory, valid when you say. */
export function issueCertificate(
  directory: string,
  { names, from = '20200101000000Z', to = '20991231000000Z' }: CertificateOptions,
): { certFile: string; keyFile: string } {
  const folder = mkdtempSync(join(directory, 'issued-'));
  const file = (name: string): string => join(folder, name);
  writeFileSync(file('index'), '');
  writeFileSync(
    file('serial'),
    `${randomInt(2 ** 40)
      .toString(16)
      .padStart(12, '0')}\n`,
  );
  writeFileSync(
    file('ca.conf'),
    `[ca]
default_ca = x
[x]
database = ${file('index')}
serial = ${file('serial')}
new_certs_dir = ${folder}
default_md = sha256
policy = any
x509_extensions = server
unique_subject = no
[any]
commonName = supplied
[server]
basicConstraints = critical,CA:FALSE
subjectAltName = ${names}
`,
  );
  const key = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    file('server.key'),
  ];
  openssl('req', '-new', ...key, '-subj', '/CN=ess-airgap test', '-out', file('server.csr'));
  openssl(
    'ca',
    ...['-config', file('ca.conf'), '-batch', '-notext'],
    ...['-cert', join(directory, 'ca.crt'), '-keyfile', join(directory, 'ca.key')],
    ...['-startdate', from, '-enddate', to, '-in', file('server.csr'), '-out', file('server.crt')],
  );
  return { certFile: file('server.crt'), keyFile: file('server.key') };
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
