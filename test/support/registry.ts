import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RegistryOptions {
  /** Who may pull and push; left out, everybody. */
  password?: { username: string; password: string };
  /** Asks for a token of this server instead. */
  token?: { realm: string; service: string; issuer: string; rootCertFile: string };
  /** Serves over TLS; with `clientCaFile` to those only who show a certificate of that CA. */
  tls?: { certFile: string; keyFile: string; clientCaFile?: string };
  /** Refuses every push with 405; give it a `storageDir` that has something to pull. */
  readOnly?: boolean;
  /** Takes an index of which manifests are missing; only CNCF distribution 3 can, version 2 refuses it all the same. */
  sparseIndexes?: boolean;
  /** Serves what is there, and leaves it there on `stop`; left out, a temporary directory. */
  storageDir?: string;
}

export interface Registry {
  /** `127.0.0.1:PORT`, over TLS `localhost:PORT`. */
  server: string;
  url: string;
  storageDir: string;
  /** Everything the server itself printed. */
  logFile: string;
  /** How many requests were answered so far: what `accessLog(since)` takes. */
  mark(): number;
  /** The requests answered since the mark, in the order of their answers. */
  accessLog(since?: number): AccessLogEntry[];
  stop(): Promise<void>;
}

export interface AccessLogEntry {
  method: string;
  /** With the query. */
  path: string;
  status: number;
}

/** Who asks, and whom to trust: with a `ca` (PEM) the server is spoken to over TLS, without one over plain HTTP. */
export interface Access {
  username?: string;
  password?: string;
  ca?: string;
  cert?: string;
  key?: string;
}

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

/** Starts a docker-registry of its own on a free loopback port, and returns when it answers. */
export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const directory = mkdtempSync(join(tmpdir(), 'ess-registry-'));
  const storageDir = options.storageDir ?? join(directory, 'storage');
  const logFile = join(directory, 'registry.log');
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const stop = await serve(configuration(options, directory, storageDir, port), directory, logFile);
    if (stop) {
      const server = `${options.tls ? 'localhost' : '127.0.0.1'}:${port}`;
      const url = `${options.tls ? 'https' : 'http'}://${server}`;
      return {
        server,
        url,
        storageDir,
        logFile,
        mark: () => readAccessLog(logFile).length,
        accessLog: (since = 0) => readAccessLog(logFile).slice(since),
        stop: async () => {
          await stop();
          rmSync(directory, { recursive: true, force: true });
        },
      };
    }
    const printed = readFileSync(logFile, 'utf8');
    if (attempt < 5 && printed.includes('address already in use')) continue;
    rmSync(directory, { recursive: true, force: true });
    throw new Error(`docker-registry did not start:\n${printed}`);
  }
}

/** Returns what ends the server, or nothing where it did not come up. */
async function serve(configuration: object, directory: string, logFile: string) {
  const configFile = join(directory, 'config.json');
  writeFileSync(configFile, JSON.stringify(configuration));
  const log = openSync(logFile, 'w');
  // Does not outlive a run that is broken off.
  const line = ['--pdeathsig=KILL', 'docker-registry', 'serve', configFile];
  const child = spawn('setpriv', line, { stdio: ['ignore', log, log] });
  closeSync(log);
  let up = true;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', resolve).once('error', resolve);
  }).then(() => {
    up = false;
  });
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    await ended;
  };
  // Said once it listens. To ask the port is not enough: a stranger who took it would answer as well.
  for (let waited = 0; up && waited < 10_000; waited += 20) {
    if (readFileSync(logFile, 'utf8').includes('listening on')) return stop;
    await sleep(20);
  }
  return stop('SIGKILL').then(() => undefined);
}

function configuration(options: RegistryOptions, directory: string, storageDir: string, port: number) {
  const { password, token, tls, readOnly = false, sparseIndexes = false } = options;
  const clients = tls?.clientCaFile && { clientcas: [tls.clientCaFile] };
  return {
    version: 0.1,
    log: { accesslog: { disabled: false } },
    storage: {
      filesystem: { rootdirectory: storageDir },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false }, readonly: { enabled: readOnly } },
    },
    http: {
      addr: `127.0.0.1:${port}`,
      ...(tls && { tls: { certificate: tls.certFile, key: tls.keyFile, ...clients } }),
    },
    ...(sparseIndexes && { validation: { manifests: { indexes: { platforms: 'none' } } } }),
    ...(token && {
      auth: {
        token: {
          realm: token.realm,
          service: token.service,
          issuer: token.issuer,
          rootcertbundle: token.rootCertFile,
        },
      },
    }),
    ...(password && { auth: { htpasswd: { realm: 'test', path: htpasswd(directory, password) } } }),
  };
}

function htpasswd(directory: string, { username, password }: { username: string; password: string }): string {
  const file = join(directory, 'htpasswd');
  writeFileSync(file, execFileSync('htpasswd', ['-inB', username], { input: `${password}\n` }), {
    mode: 0o600,
  });
  return file;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function readAccessLog(logFile: string): AccessLogEntry[] {
  const line = /^\S+ - \S+ \[[^\]]+\] "([A-Z]+) (\S+) HTTP\/[\d.]+" (\d{3}) /gm;
  return [...readFileSync(logFile, 'utf8').matchAll(line)].map(([, method = '', path = '', status]) => ({
    method,
    path,
    status: Number(status),
  }));
}

const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** The digest of what the registry serves under that tag or digest, computed from its bytes; undefined for a 404. */
export async function manifestDigest(
  server: string,
  repository: string,
  tagOrDigest: string,
  access: Access = {},
): Promise<string | undefined> {
  const answer = await ask('GET', server, `/v2/${repository}/manifests/${tagOrDigest}`, access, {
    headers: { accept: manifestTypes },
  });
  if (answer.status === 404) return undefined;
  expectStatus(answer, 200, `manifest ${repository}:${tagOrDigest}`);
  return `sha256:${createHash('sha256').update(answer.body).digest('hex')}`;
}

/** The tags of a repository, sorted; none for one that is not there. */
export async function tags(server: string, repository: string, access: Access = {}): Promise<string[]> {
  const answer = await ask('GET', server, `/v2/${repository}/tags/list`, access);
  if (answer.status === 404) return [];
  expectStatus(answer, 200, `tags of ${repository}`);
  const list = JSON.parse(answer.body.toString()) as { tags: string[] | null };
  return (list.tags ?? []).sort();
}

/** One request to a registry; `path` may be a whole URL, as in a Location header. */
export function ask(
  method: string,
  server: string,
  path: string,
  access: Access = {},
  message: { headers?: Record<string, string>; body?: Buffer } = {},
): Promise<Answer> {
  const { username, password, ca, cert, key } = access;
  const url = new URL(path, `${ca ? 'https' : 'http'}://${server}`);
  const auth = username === undefined ? undefined : `${username}:${password}`;
  const options = { method, auth, ca, cert, key, headers: message.headers, agent: false };
  return new Promise((resolve, reject) => {
    const outgoing = (ca ? https : http).request(url, options, (response) => {
      const { statusCode: status = 0, headers } = response;
      buffer(response).then((body) => resolve({ status, headers, body }), reject);
    });
    outgoing.on('error', reject).end(message.body);
  });
}

/** Throws what the server said when it did not answer as it should. */
export function expectStatus(answer: Answer, status: number, what: string): void {
  if (answer.status !== status) throw new Error(`${what}: ${answer.status} ${answer.body.toString().trim()}`);
}

export interface CertificateAuthority {
  /** The CA's own certificate, PEM. */
  ca: string;
  caFile: string;
  /** For a server at localhost or 127.0.0.1. */
  certFile: string;
  keyFile: string;
  clientCertFile: string;
  clientKeyFile: string;
}

/** A private CA with a server's and a client's certificate, written into the directory. */
export function createCertificateAuthority(directory: string): CertificateAuthority {
  mkdirSync(directory, { recursive: true });
  const file = (name: string) => join(directory, name);
  const issue = (name: string, ...more: string[]) => {
    const key = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      file(`${name}.key`),
    ];
    const certificate = ['-days', '2', '-subj', `/CN=ess-airgap test ${name}`, '-out', file(`${name}.crt`)];
    execFileSync('openssl', ['req', '-x509', ...key, ...certificate, ...more], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  };
  const signed = [
    '-CA',
    file('ca.crt'),
    '-CAkey',
    file('ca.key'),
    '-addext',
    'basicConstraints=critical,CA:FALSE',
  ];
  issue('ca', '-addext', 'keyUsage=critical,keyCertSign,cRLSign');
  issue('server', ...signed, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  issue('client', ...signed, '-addext', 'extendedKeyUsage=clientAuth');
  return {
    ca: readFileSync(file('ca.crt'), 'utf8'),
    caFile: file('ca.crt'),
    certFile: file('server.crt'),
    keyFile: file('server.key'),
    clientCertFile: file('client.crt'),
    clientKeyFile: file('client.key'),
  };
}
