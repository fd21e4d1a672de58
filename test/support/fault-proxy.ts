import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import type { Access } from './registry.ts';

export interface FaultProxyOptions {
  /** The registry behind: `http://127.0.0.1:PORT`. */
  target: string;
  /** How the proxy itself asks the registry; without a username the client's own credentials go through. */
  targetAccess?: Access;
  rules?: Rule[];
  /** Of the rules with a probability: the same seed and the same requests meet the same faults. */
  seed?: number;
  tls?: { certFile: string; keyFile: string };
  token?: TokenOptions;
}

/** The first rule that matches a request, and is not used up, decides. */
export interface Rule {
  match: { method?: string; path?: RegExp } | ((request: { method: string; path: string }) => boolean);
  /** To how many requests it happens; left out, to all. */
  times?: number;
  /** Of 0 to 1. */
  probability?: number;
  fault: Fault;
}

export type Fault =
  /** Answers instead of the registry. */
  | { status: number; headers?: Record<string, string>; body?: string }
  /** Resets the connection at once, or after so many bytes of the body, in whichever direction it goes. */
  | { reset: 'before' | number }
  /** Ends the connection in good order after so many bytes, short of the announced length. */
  | { truncate: number }
  /** Passes it on later. */
  | { delayMs: number }
  /** Passes on another body, complete and of the right length. */
  | { rewrite: (body: Buffer) => Buffer | string };

/** Asks for bearer tokens as Docker Hub does, and issues them at `/token`. */
export interface TokenOptions {
  /** Left out, everybody gets a token. */
  credentials?: { username: string; password: string };
  /** How long a token is really good for, whatever it says of itself; left out, for ever. */
  lifetime?: { requests?: number; ms?: number };
  /** The `expires_in` that a token says of itself; 300 if left out. */
  expiresIn?: number;
}

export interface ProxiedRequest {
  method: string;
  /** With the query. */
  path: string;
  /** What the client got; 0 where the connection was reset before any. */
  status: number;
  /** Of the answer's body, as far as it was sent. */
  bytes: number;
  /** Of the request's body, as far as it was read. */
  uploaded: number;
  /** Milliseconds since the proxy started, when the request came and when its answer ended. */
  at: number;
  endedAt?: number;
  fault?: Fault;
}

export interface FaultProxy {
  /** `127.0.0.1:PORT`, over TLS `localhost:PORT`. */
  server: string;
  url: string;
  /** Every request in the order of arrival; grows as they come. */
  requests: ProxiedRequest[];
  /** In force from the next request on. */
  setRules(rules: Rule[]): void;
  stop(): Promise<void>;
}

/** Starts a reverse proxy before one registry that records every request, and makes the faults of the rules. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { tls } = options;
  const started = performance.now();
  const now = () => Math.round(performance.now() - started);
  const requests: ProxiedRequest[] = [];
  const pick = picker(options.seed ?? 1);
  let rules = prepared(options.rules);

  const server = tls
    ? https.createServer({ cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) })
    : http.createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const name = `${tls ? 'localhost' : '127.0.0.1'}:${(server.address() as AddressInfo).port}`;
  const url = `${tls ? 'https' : 'http'}://${name}`;
  const guard = options.token && tokenServer(options.token, url);

  server.on('request', async (request: http.IncomingMessage, response: http.ServerResponse) => {
    const { method = 'GET', url: path = '/' } = request;
    const record: ProxiedRequest = { method, path, status: 0, bytes: 0, uploaded: 0, at: now() };
    requests.push(record);
    response.on('close', () => {
      record.endedAt = now();
    });
    const fault = pick(rules, record);
    if (fault) record.fault = fault;
    if (fault && 'delayMs' in fault) await sleep(fault.delayMs);
    if (fault && 'reset' in fault && fault.reset === 'before') return reset(request);
    const scripted = fault && 'status' in fault ? fault : guard?.(request);
    if (!scripted) return forward(options, url, request, response, record);
    // Read first: a client that is cut off in the middle of an upload may never see the answer.
    const upload = await whole(request);
    if (!upload) return;
    record.uploaded = upload.length;
    answer(record, response, scripted);
  });

  return {
    server: name,
    url,
    requests,
    setRules: (next) => {
      rules = prepared(next);
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function forward(
  { target, targetAccess = {}, token }: FaultProxyOptions,
  url: string,
  request: http.IncomingMessage,
  response: http.ServerResponse,
  record: ProxiedRequest,
) {
  const { method, path, fault } = record;
  const { username, password, ca, cert, key } = targetAccess;
  const headers = { ...request.headers, host: new URL(target).host };
  if (token || username !== undefined) delete headers.authorization;
  const auth = username === undefined ? undefined : `${username}:${password}`;
  const client = target.startsWith('https:') ? https : http;
  const message = { method, headers, auth, ca, cert, key, agent: false };
  const upstream = client.request(new URL(path, target), message);

  const counted = (count: 'bytes' | 'uploaded') =>
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const left = cutAfter(fault, count) - record[count];
        record[count] += Math.min(chunk.length, left);
        if (chunk.length < left) return done(null, chunk);
        this.push(chunk.subarray(0, left));
        // The bytes before the cut are to arrive: a reset takes back what is still on its way.
        setTimeout(() => {
          if (fault && 'reset' in fault) reset(request);
          else response.destroy();
        }, 20);
      },
    });

  upstream.on('response', async (incoming) => {
    record.status = incoming.statusCode ?? 0;
    const passed = { ...incoming.headers };
    delete passed.connection;
    const location = passed.location && new URL(passed.location, target);
    if (location && location.host === headers.host)
      passed.location = url + location.pathname + location.search;
    incoming.on('error', () => response.destroy());
    if (fault && 'rewrite' in fault && method !== 'HEAD') {
      delete passed['transfer-encoding'];
      const original = await whole(incoming);
      if (!original) return;
      const body = Buffer.from(fault.rewrite(original));
      record.bytes = body.length;
      response.writeHead(record.status, { ...passed, 'content-length': body.length }).end(body);
    } else {
      response.writeHead(record.status, passed);
      incoming.pipe(counted('bytes')).pipe(response);
    }
  });
  upstream.on('error', (error) => {
    if (request.socket.destroyed) return;
    if (response.headersSent) reset(request);
    else answer(record, response, { status: 502, body: `${error}` });
  });
  response.on('close', () => upstream.destroy());
  request.pipe(counted('uploaded')).pipe(upstream);
}

/** A message's body, or nothing where the other side hung up before its end. */
const whole = (message: http.IncomingMessage) => buffer(message).catch(() => undefined);

function cutAfter(fault: Fault | undefined, count: 'bytes' | 'uploaded'): number {
  if (fault && 'reset' in fault && fault.reset !== 'before') return fault.reset;
  return fault && 'truncate' in fault && count === 'bytes' ? fault.truncate : Infinity;
}

type Script = { status: number; headers?: Record<string, string>; body?: string };

function answer(
  record: ProxiedRequest,
  response: http.ServerResponse,
  { status, headers, body = '' }: Script,
) {
  record.status = status;
  record.bytes = record.method === 'HEAD' ? 0 : Buffer.byteLength(body);
  response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers }).end(body);
}

function reset({ socket }: http.IncomingMessage) {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}

const prepared = (rules: Rule[] = []) => rules.map((rule) => ({ ...rule, left: rule.times ?? Infinity }));

function picker(seed: number) {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return (
    rules: ReturnType<typeof prepared>,
    request: { method: string; path: string },
  ): Fault | undefined => {
    const rule = rules.find(({ match, probability = 1, left }) => {
      if (left <= 0) return false;
      if (typeof match === 'function' ? !match(request) : !matches(match, request)) return false;
      return probability === 1 || random() < probability;
    });
    if (rule) rule.left -= 1;
    return rule?.fault;
  };
}

const matches = (
  wanted: { method?: string; path?: RegExp },
  { method, path }: { method: string; path: string },
) => (wanted.method ?? method) === method && (wanted.path?.test(path) ?? true);

/** The token endpoint's own answers, and the refusals; nothing for a request with a good token. */
function tokenServer({ credentials, lifetime, expiresIn = 300 }: TokenOptions, server: string) {
  const wanted = credentials && `${credentials.username}:${credentials.password}`;
  const issued = new Map<string, { requests: number; until: number }>();
  const body = JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] });

  const issue = (given: string | undefined): Script => {
    if (wanted !== undefined && given !== wanted) return { status: 401, body };
    const token = randomUUID();
    const until = performance.now() + (lifetime?.ms ?? Infinity);
    issued.set(token, { requests: lifetime?.requests ?? Infinity, until });
    const answer = JSON.stringify({ token, access_token: token, expires_in: expiresIn });
    return { status: 200, headers: { 'content-type': 'application/json' }, body: answer };
  };

  return ({ method = '', url = '/', headers }: http.IncomingMessage): Script | undefined => {
    const { pathname } = new URL(url, server);
    const [, scheme = '', value = ''] = /^(\w+) (.+)$/.exec(headers.authorization ?? '') ?? [];
    if (pathname === '/token') {
      return issue(scheme === 'Basic' ? Buffer.from(value, 'base64').toString() : undefined);
    }
    const token = scheme === 'Bearer' ? issued.get(value) : undefined;
    if (token && token.requests > 0 && token.until > performance.now()) {
      token.requests -= 1;
      return undefined;
    }
    const repository = /^\/v2\/(.+)\/(?:manifests|blobs|tags)\//.exec(pathname)?.[1];
    const actions = ['GET', 'HEAD'].includes(method) ? 'pull' : 'pull,push';
    const scope = repository ? `,scope="repository:${repository}:${actions}"` : '';
    const error = value ? ',error="invalid_token"' : '';
    const challenge = `Bearer realm="${server}/token",service="registry"${scope}${error}`;
    return { status: 401, headers: { 'www-authenticate': challenge }, body };
  };
}
