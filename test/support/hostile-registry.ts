import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { base64Cores } from '../../lib/credentials/base64.ts';
import { Credentials } from '../../lib/credentials/machine.ts';
import { printable } from '../../lib/input/quote.ts';
import { RegistryClient } from '../../lib/registry/client.ts';
import { RegistryError } from '../../lib/registry/error.ts';
import { Http } from '../../lib/registry/http.ts';
import type { Limits } from '../../lib/registry/limits.ts';

/** Which answer of a registry is the hostile one. The others are as they should be. */
export const STAGES = [
  'ping',
  'head',
  'manifest',
  'token',
  'tags',
  'referrers',
  'fallback',
  'blob',
  'redirected',
] as const;
export type Stage = (typeof STAGES)[number];

export interface HostileRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  /** `http://127.0.0.1:PORT` of this server. */
  readonly url: string;
}

/** What a server does in place of an answer. */
export type Misbehaviour = (socket: Socket, request: HostileRequest) => void;

export interface HostileRegistry {
  readonly server: string;
  readonly requests: readonly HostileRequest[];
  stop(): void;
}

/** The digest that the well-behaved answers name. */
export const DIGEST = `sha256:${'a'.repeat(64)}`;

/** Starts a registry on loopback, which asks for a basic login and misbehaves at one stage. */
export async function startHostileRegistry(stage: Stage, misbehave: Misbehaviour): Promise<HostileRegistry> {
  const requests: HostileRequest[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    let head = '';
    socket.on('data', (data) => {
      // No TLS is spoken here, as a registry on plain HTTP says it.
      if (head === '' && data[0] === 0x16) return void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
      head += data.toString('latin1');
      for (let end = head.indexOf('\r\n\r\n'); end >= 0; end = head.indexOf('\r\n\r\n')) {
        const [line = '', ...headers] = head.slice(0, end).split('\r\n');
        head = head.slice(end + 4);
        const [method = '', path = ''] = line.split(' ');
        const login = headers.find((it) => /^authorization:/i.test(it))?.replace(/^[^:]*: */, '') ?? '';
        const request = { method, path, authorization: login, url };
        requests.push(request);
        if (stageOf(request, stage)) misbehave(socket, request);
        else socket.write(answer(request, stage));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const name = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `http://${name}`;
  return {
    server: name,
    requests,
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** An answer with the right length. */
export function http(status: string, headers: readonly string[] = [], body = ''): string {
  return [`HTTP/1.1 ${status}`, ...headers, `content-length: ${Buffer.byteLength(body)}`, '', body].join(
    '\r\n',
  );
}

/** Whether a request is the one that is answered with the misbehaviour. */
function stageOf({ method, path, authorization }: HostileRequest, stage: Stage): boolean {
  switch (stage) {
    case 'ping':
      return path === '/v2/';
    case 'token':
      return path.startsWith('/token');
    case 'redirected':
      return path.startsWith('/elsewhere');
    case 'head':
      return authorization !== '' && method === 'HEAD' && path.includes('/manifests/');
    case 'manifest':
      return authorization !== '' && method === 'GET' && path.includes('/manifests/');
    case 'fallback':
      return authorization !== '' && path.includes('/manifests/sha256-');
    default:
      return authorization !== '' && path.includes(`/${stage === 'blob' ? 'blobs' : stage}/`);
  }
}

function answer({ method, path, authorization, url }: HostileRequest, stage: Stage): string {
  if (path === '/v2/') return http('200 OK', [], '{}');
  if (authorization === '') {
    const challenge = stage === 'token' ? `Bearer realm="${url}/token",service="x"` : 'Basic realm="x"';
    return http('401 Unauthorized', [`www-authenticate: ${challenge}`]);
  }
  if (stage === 'redirected') return http('307 Temporary Redirect', [`location: ${url}/elsewhere`]);
  if (method === 'HEAD') {
    if (stage === 'manifest') return http('405 Method Not Allowed');
    return `HTTP/1.1 200 OK\r\ndocker-content-digest: ${DIGEST}\r\ncontent-length: 2\r\n\r\n`;
  }
  return http('404 Not Found');
}

/** Calls a function again and again until the socket closes, but for two and a half minutes at most. */
function repeat(socket: Socket, milliseconds: number, work: () => void): void {
  const timer = setInterval(work, milliseconds);
  const end = setTimeout(() => socket.destroy(), 150_000);
  socket.once('close', () => {
    clearInterval(timer);
    clearTimeout(end);
  });
}

/** Writes as fast as the reader takes it, until the socket closes. */
function flood(socket: Socket, begin: string, piece: string): void {
  const bytes = Buffer.from(piece.repeat(Math.max(1, Math.floor(65_536 / piece.length))), 'latin1');
  const go = (): void => {
    if (socket.destroyed) return;
    if (socket.write(bytes)) setImmediate(go);
    else socket.once('drain', go);
  };
  const end = setTimeout(() => socket.destroy(), 150_000);
  socket.once('close', () => clearTimeout(end));
  socket.write(begin);
  go();
}

const send =
  (text: string): Misbehaviour =>
  (socket) =>
    void socket.write(text);
const sendAndClose =
  (text: string): Misbehaviour =>
  (socket) =>
    void socket.end(text);
const drip =
  (begin: string, piece: string): Misbehaviour =>
  (socket) => {
    socket.write(begin);
    repeat(socket, 50, () => void socket.write(piece));
  };
const endless =
  (begin: string, piece: string): Misbehaviour =>
  (socket) =>
    flood(socket, begin, piece);

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;
const KIB = 'x'.repeat(1024);
/** Moves the cursor, hides text, turns the direction of writing. */
const STEERING = '\u001b[2J\u001b]0;owned\u0007\u202e\u061c\u2066\u0085\r\n';
const errorBody = (code: string, message: string): string => JSON.stringify({ errors: [{ code, message }] });

/** What a hostile or broken server may do with any answer. */
export const MISBEHAVIOURS: Readonly<Record<string, Misbehaviour>> = {
  'never answers': () => {},
  'closes without an answer': (socket) => void socket.end(),
  'resets the connection': (socket) => void socket.resetAndDestroy(),
  'answers with garbage': sendAndClose('\u0000\u0001\u0002garbage\r\n\r\n'),
  'answers as HTTP/0.9': sendAndClose('<html>hello</html>'),
  'answers with TLS': sendAndClose('\u0015\u0003\u0001\u0000\u0002\u0002\u0028'),
  'endless status line': endless('HTTP/1.1 200 ', 'O'),
  'endless headers': endless(OK, `x-header: ${KIB}\r\n`),
  'one endless header': endless(`${OK}x-header: `, KIB),
  'a million empty headers': endless(OK, 'a:\r\n'),
  'endless early hints': endless('', 'HTTP/1.1 103 Early Hints\r\n\r\n'),
  'endless 100 Continue': endless('', 'HTTP/1.1 100 Continue\r\n\r\n'),
  'headers drop by drop': drip(OK, 'x: y\r\n'),
  'endless chunked body': endless(CHUNKED, `400\r\n${KIB}\r\n`),
  'endless body without a length': endless(`${OK}\r\n`, KIB),
  'a body of 3 GB': endless(`${OK}content-length: 3221225472\r\n\r\n`, KIB),
  'a body of 3 GB that says to be small': endless(`${OK}content-length: 10\r\n\r\n`, KIB),
  'a body drop by drop': drip(`${OK}content-length: 100000\r\n\r\n`, ' '),
  'chunks drop by drop': drip(CHUNKED, '1\r\n \r\n'),
  'a body that stops': send(`${OK}content-length: 1000\r\n\r\n{"a":`),
  'a body that is cut off': sendAndClose(`${OK}content-length: 1000\r\n\r\n{"a":`),
  'chunks that are cut off': sendAndClose(`${CHUNKED}400\r\n{"a":`),
  'a chunk without a size': sendAndClose(`${CHUNKED}zz\r\n{}\r\n`),
  'a chunk of negative size': sendAndClose(`${CHUNKED}-1\r\n{}\r\n`),
  'a chunk of absurd size': sendAndClose(`${CHUNKED}ffffffffffffffff\r\n{}\r\n`),
  'an endless chunk extension': endless(`${CHUNKED}1;`, KIB),
  'endless trailers': endless(`${CHUNKED}2\r\n{}\r\n0\r\n`, `x-header: ${KIB}\r\n`),
  'two lengths': sendAndClose(`${OK}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`),
  'length and chunks': sendAndClose(
    `${OK}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
  ),
  'a negative length': sendAndClose(`${OK}content-length: -1\r\n\r\n{}`),
  'a second answer to one question': sendAndClose(
    `${http('200 OK', [], '{}')}${http('200 OK', [], '{"errors":[]}')}`,
  ),
  'a gzip bomb': sendAndClose(http('200 OK', ['content-encoding: gzip'], '\u001f\u008b\u0008\u0000')),
  'switches protocols': sendAndClose(
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
  ),
  'status 999': send(http('999 Nope')),
  'status 204 with a body': sendAndClose(`HTTP/1.1 204 No Content\r\n\r\n${KIB}`),
  'not JSON': send(http('200 OK', ['content-type: application/json'], '{"a": tru')),
  'JSON of another shape': send(
    http('200 OK', ['content-type: application/vnd.oci.image.index.v1+json'], '[1, null, {"manifests": 7}]'),
  ),
  'JSON null': send(http('200 OK', ['content-type: application/vnd.oci.image.index.v1+json'], 'null')),
  'deep JSON': send(
    http('200 OK', ['content-type: application/vnd.oci.image.index.v1+json'], '['.repeat(60_000)),
  ),
  'wide JSON': send(
    http('200 OK', ['content-type: application/vnd.oci.image.index.v1+json'], `[${'[],'.repeat(690_000)}[]]`),
  ),
  'a prototype': send(http('200 OK', [], '{"__proto__": {"token": "x"}, "constructor": 1}')),
  '429 and a pause of 59 s, without end': send(http('429 Too Many Requests', ['retry-after: 59'])),
  '429 and a pause of 0 s, without end': send(http('429 Too Many Requests', ['retry-after: 0'])),
  '429 until the year 9999': send(
    http('429 Too Many Requests', ['retry-after: Fri, 31 Dec 9999 23:59:59 GMT']),
  ),
  '429 with a pause that is not one': send(http('429 Too Many Requests', ['retry-after: -1e999'])),
  '429 with a code of its own': send(
    http('429 Too Many Requests', [], errorBody('SLOW_DOWN_PLEASE', 'wait')),
  ),
  '403 with a code of its own': send(http('403 Forbidden', [], errorBody('QUOTA_EXCEEDED', 'no'))),
  '403 with an endless body': endless(
    'HTTP/1.1 403 Forbidden\r\ntransfer-encoding: chunked\r\n\r\n',
    `400\r\n${KIB}\r\n`,
  ),
  '404 with an endless body': endless(
    'HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n',
    `400\r\n${KIB}\r\n`,
  ),
  '404 drop by drop': drip('HTTP/1.1 404 Not Found\r\ncontent-length: 100000\r\n\r\n', ' '),
  '500 without end': send(http('500 Internal Server Error')),
  '503 with an endless body': endless(
    'HTTP/1.1 503 Service Unavailable\r\ntransfer-encoding: chunked\r\n\r\n',
    `400\r\n${KIB}\r\n`,
  ),
  '401 without end': send(http('401 Unauthorized', ['www-authenticate: Basic realm="x"'])),
  '401 without a challenge': send(http('401 Unauthorized')),
  '401 with a challenge that is not one': send(http('401 Unauthorized', ['www-authenticate: ====,,,"""'])),
  '401 with a challenge that takes long to read': send(
    http('401 Unauthorized', [
      `www-authenticate: ${'a '.repeat(3500)}${'a'.repeat(4000)} ${'\\"'.repeat(1500)}`,
    ]),
  ),
  '401 with a token server that is not a URL': send(
    http('401 Unauthorized', ['www-authenticate: Bearer realm="::::"']),
  ),
  '401 with a token server in a file': send(
    http('401 Unauthorized', ['www-authenticate: Bearer realm="file:///etc/passwd"']),
  ),
  '401 with a token server elsewhere, over plain HTTP': send(
    http('401 Unauthorized', ['www-authenticate: Bearer realm="http://127.0.0.1:9/token"']),
  ),
  'a token that is a number': send(http('200 OK', [], '{"token": 7}')),
  'a token with a line break': send(http('200 OK', [], '{"token": "a\\r\\nx-evil: 1"}')),
  'a redirect to itself': (socket, { url, path }) =>
    void socket.write(http('307 Temporary Redirect', [`location: ${url}${path}`])),
  'a redirect to an ever longer address': (socket, { path }) =>
    void socket.write(http('307 Temporary Redirect', [`location: ${path.slice(0, 4000)}x`])),
  'a redirect without an address': send(http('307 Temporary Redirect')),
  'a redirect to two addresses': send(http('307 Temporary Redirect', ['location: /a', 'location: /b'])),
  'a redirect to something that is not a URL': send(
    http('307 Temporary Redirect', ['location: http://[::1']),
  ),
  'a redirect to a file': send(http('302 Found', ['location: file:///etc/passwd'])),
  'a redirect to another server, over plain HTTP': send(
    http('307 Temporary Redirect', ['location: http://127.0.0.1:9/x']),
  ),
  'a redirect to a name that does not exist': send(
    http('307 Temporary Redirect', ['location: https://registry.invalid/x']),
  ),
  'a redirect with an endless body': endless(
    'HTTP/1.1 307 Temporary Redirect\r\nlocation: /v2/\r\ntransfer-encoding: chunked\r\n\r\n',
    `400\r\n${KIB}\r\n`,
  ),
  'a redirect that steers the terminal': send(
    http('307 Temporary Redirect', ['location: https://user:pw@\u00e2\u0080\u00ae.invalid/\u001b[2J']),
  ),
  'an error that steers the terminal': send(
    http('400 Bad Request', [], errorBody(STEERING, STEERING.repeat(20))),
  ),
  'a digest that steers the terminal': send(
    'HTTP/1.1 200 OK\r\ndocker-content-digest: sha256:\u001b[2J\u202e\r\ncontent-length: 0\r\n\r\n',
  ),
  'two digests': send(
    `${OK}docker-content-digest: ${DIGEST}\r\ndocker-content-digest: sha256:b\r\ncontent-length: 0\r\n\r\n`,
  ),
  'an index that steers the terminal': send(
    http(
      '200 OK',
      ['content-type: application/vnd.oci.image.index.v1+json'],
      JSON.stringify({
        tags: [STEERING],
        manifests: [{ mediaType: STEERING, artifactType: STEERING, digest: DIGEST, size: 1 }],
      }),
    ),
  ),
  'an error that repeats the login': (socket, { authorization }) =>
    void socket.write(http('403 Forbidden', [], errorBody('DENIED', `no: ${authorization}`))),
  'an error that repeats the password': (socket, { authorization }) => {
    const login = Buffer.from(authorization.replace(/^\w+ /, ''), 'base64').toString();
    const twice = Buffer.from(`say ${login}`).toString('base64');
    socket.write(
      http('400 Bad Request', [], errorBody('DENIED', `${login} ${twice} ${encodeURIComponent(login)}`)),
    );
  },
  'a redirect that repeats the login': (socket, { authorization }) =>
    void socket.write(
      http('307 Temporary Redirect', [`location: ftp://${authorization.replace(/^\w+ /, '')}.invalid/`]),
    ),
  'an index that repeats the login': (socket, { authorization }) => {
    const login = authorization.replace(/^\w+ /, '').replace(/=+$/, '');
    const manifests = [
      { mediaType: `application/${login}`, artifactType: `application/${login}`, digest: DIGEST, size: 1 },
    ];
    socket.write(
      http(
        '200 OK',
        ['content-type: application/vnd.oci.image.index.v1+json'],
        JSON.stringify({ tags: [login], manifests }),
      ),
    );
  },
  'a list whose next page is itself': (socket, { path }) =>
    void socket.write(
      http(
        '200 OK',
        ['content-type: application/vnd.oci.image.index.v1+json', `link: <${path}>; rel="next"`],
        '{"tags": [], "manifests": []}',
      ),
    ),
  'a list without end': (socket, { path }) => {
    const page = Number(/page=(\d+)/.exec(path)?.[1] ?? 0) + 1;
    socket.write(
      http(
        '200 OK',
        [
          'content-type: application/vnd.oci.image.index.v1+json',
          `link: <${path.replace(/\?.*/, '')}?page=${page}>; rel="next"`,
        ],
        '{"tags": ["a"], "manifests": []}',
      ),
    );
  },
  'a list of a hundred thousand': (socket, { path }) => {
    const tags = Array.from({ length: 100_000 }, (_, n) => `t${n}`);
    const manifests = Array.from({ length: 20_001 }, (_, n) => ({
      mediaType: 'a/b',
      digest: `sha256:${String(n).padStart(64, '0')}`,
      size: 1,
    }));
    const body = JSON.stringify(path.includes('/tags/') ? { tags } : { manifests });
    socket.write(http('200 OK', ['content-type: application/vnd.oci.image.index.v1+json'], body));
  },
};

export const LOGIN = { username: 'node-puller', password: 'fake-pull-password' };

export interface Encounter {
  readonly milliseconds: number;
  /** What the client said, as an error or as JSON of its result. */
  readonly said: string;
  /** Left out if the client took the answer for one. */
  readonly error?: unknown;
}

/** Our registry client, with the login, for a server on plain HTTP. */
export function clientOf(
  server: string,
  limits: Limits,
): { client: RegistryClient; close: () => Promise<void> } {
  const http = new Http({ environment: { SSL_CERT_FILE: oneCertificate() }, limits });
  const credentials = new Credentials({ HOME: '/nonexistent' }, [{ server, ...LOGIN }]);
  return { client: new RegistryClient({ http, credentials, insecure: [server] }), close: () => http.close() };
}

/** Lets our registry client ask a question of a registry that misbehaves at one stage. */
export async function meet(stage: Stage, server: string, limits: Limits): Promise<Encounter> {
  const { client, close } = clientOf(server, limits);
  const image = { registry: server, repository: 'library/redis' };
  const questions: Record<Stage, () => Promise<unknown>> = {
    ping: () => client.digestOf(image, '7.2'),
    head: () => client.digestOf(image, '7.2'),
    manifest: () => client.digestOf(image, '7.2'),
    token: () => client.manifest(image, DIGEST),
    tags: () => client.tags(image),
    referrers: () => client.referrers(image, DIGEST),
    fallback: () => client.referrers(image, DIGEST, 'application/x'),
    blob: async () => {
      let bytes = 0;
      for await (const chunk of (await client.blob(image, DIGEST, { size: 1_000_000 })).bytes)
        bytes += chunk.length;
      return bytes;
    },
    redirected: () => client.manifest(image, '7.2'),
  };
  const started = performance.now();
  let outcome: Pick<Encounter, 'said' | 'error'>;
  try {
    outcome = { said: JSON.stringify((await questions[stage]()) ?? null, withoutBytes) };
  } catch (error) {
    outcome = { said: error instanceof Error ? error.message : String(error), error };
  }
  const milliseconds = performance.now() - started;
  await close();
  return { ...outcome, milliseconds };
}

/** Bytes by their number: nobody prints them. */
function withoutBytes(key: string, value: unknown): unknown {
  return key === 'bytes' ? 'bytes' : value;
}

let certificateFile = '';
/** Reading all the certificates of a machine takes longer than most cases. */
function oneCertificate(): string {
  if (certificateFile === '') {
    certificateFile = join(mkdtempSync(join(tmpdir(), 'ess-airgap-hostile-')), 'ca.crt');
    writeFileSync(certificateFile, rootCertificates[0] ?? '');
  }
  return certificateFile;
}

/** What is wrong with how the client took it; empty if nothing is. */
export function faultsOf({ milliseconds, said, error }: Encounter, limits: Limits): string[] {
  const faults: string[] = [];
  // The time of the question, and for a blob that of its bytes; twice, since many run at once.
  const longest = 2 * (limits.question + limits.request + (1_000_000 / limits.bytesPerSecond) * 1000);
  if (milliseconds > longest) faults.push(`took ${Math.round(milliseconds)} ms`);
  if (error !== undefined && !(error instanceof RegistryError)) faults.push(`threw ${String(error)}`);
  if (error !== undefined && printable(said) !== said) faults.push('says what steers a terminal');
  if (said.length > (error === undefined ? 2_000_000 : 600)) faults.push(`says ${said.length} characters`);
  if (holdsLogin(said)) faults.push('repeats the login');
  if (error instanceof RegistryError && /^[^ ]* ?(?:undefined|null|\[object)/.test(said))
    faults.push('says nothing');
  return faults;
}

/** Whether a text holds the password, as it is or in base64. */
function holdsLogin(text: string): boolean {
  const basic = Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64').replace(/=+$/, '');
  return [LOGIN.password, basic, ...base64Cores(LOGIN.password)].some((secret) => text.includes(secret));
}
