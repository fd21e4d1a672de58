import { RegistryError } from './error.ts';

// What went wrong below HTTP, in words. undici and Node give it as codes; their messages are for programmers.

/** An answer took longer than allowed. */
export class Overdue extends Error {
  readonly code = 'OVERDUE';

  constructor(milliseconds: number) {
    super(`gave no complete answer within ${Math.max(1, Math.round(milliseconds / 1000))} s`);
  }
}

const CA_HINT = 'name the file of its CA certificate with --ca or SSL_CERT_FILE';
const UNKNOWN_CA = `has a certificate of a CA that this machine does not trust; ${CA_HINT}`;
const PLAIN_HTTP = 'speaks plain HTTP, not TLS; see mirror.insecure if that is intended';
const CLIENT_CERTIFICATE = 'asks for a client certificate, or refuses the one that it got';
const RESET = 'closed the connection before its answer was complete';
const SLOW = 'takes too long to answer';

/** Codes of a failed connection whose cause may be gone at the next attempt. */
const TRANSIENT: Readonly<Record<string, string>> = {
  ECONNRESET: RESET,
  EPIPE: RESET,
  UND_ERR_SOCKET: RESET,
  UND_ERR_ABORTED: RESET,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'sends fewer or more bytes than it announces',
  ECONNREFUSED: 'refuses the connection: nothing listens on that port, or a firewall rejects it',
  ETIMEDOUT: 'cannot be reached: the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'cannot be reached: the connection timed out',
  UND_ERR_HEADERS_TIMEOUT: SLOW,
  UND_ERR_BODY_TIMEOUT: SLOW,
  EHOSTUNREACH: 'cannot be reached: there is no route to it',
  ENETUNREACH: 'cannot be reached: there is no route to it',
  EAI_AGAIN: 'has a name that the name server cannot resolve at the moment',
};

const PERMANENT: Readonly<Record<string, string>> = {
  ENOTFOUND: 'has a name that does not exist where this runs',
  UND_ERR_HEADERS_OVERFLOW: 'sends more headers than a registry should',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_CA,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_CA,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_CA,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_CA,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_CA,
  CERT_UNTRUSTED: UNKNOWN_CA,
  CERT_SIGNATURE_FAILURE: 'has a certificate whose signature is wrong',
  INVALID_CA: 'has a certificate of an issuer that is not a CA',
  INVALID_PURPOSE: 'has a certificate that is not for servers',
  CERT_REVOKED: 'has a certificate that was revoked',
  CERT_HAS_EXPIRED: 'has a certificate that has expired, or the clock of this machine is wrong',
  CERT_NOT_YET_VALID: 'has a certificate that is not valid yet, or the clock of this machine is wrong',
  ERR_SSL_WRONG_VERSION_NUMBER: PLAIN_HTTP,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: PLAIN_HTTP,
  ERR_SSL_HTTP_REQUEST: PLAIN_HTTP,
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'offers only versions of TLS that are too old',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'offers only versions of TLS that are too old',
};

/** The code of a failed connection; of several addresses that were tried, that of the first. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Whether a failure may be gone at the next attempt: of the connection, or an answer that is not HTTP. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'OVERDUE' || Object.hasOwn(TRANSIENT, code) || code.startsWith('HPE_');
}

/**
 * The error for a server that gave no answer.
 *
 * @param proxy host of the proxy that the request went through
 */
export function unreachable(host: string, error: unknown, proxy?: string): RegistryError {
  const through = proxy ? ` (through the proxy ${proxy})` : '';
  return new RegistryError('unreachable', `${host}${through} ${words(error)}`);
}

/** What is wrong with a certificate, by the error of the TLS connection. */
export function certificateProblem(error: unknown, certificate: { subjectaltname?: string }): string {
  // Node gives the code alone or an error, depending on the cause.
  const code = codeOf(error) || String(error);
  return words(Object.assign(new Error(code), { code, cert: certificate }));
}

/** The error for an answer that ended early. */
export function interrupted(name: string, error: unknown): RegistryError {
  return new RegistryError('interrupted', `${name}: the server ${words(error)}`);
}

function words(error: unknown): string {
  const code = codeOf(error);
  if (error instanceof Overdue) return error.message;
  // The tunnel of a proxy, by undici's message: it has no code of its own.
  const refused = /^Proxy response \((\d+)\)/.exec(error instanceof Error ? error.message : '')?.[1];
  if (refused === '407') return 'cannot be reached: the proxy asks for a login (407)';
  if (refused) return `cannot be reached: the proxy refuses the connection (${refused})`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `has a certificate for other names: ${namesOf(error)}`;
  const known = TRANSIENT[code] ?? PERMANENT[code];
  if (known) return code.startsWith('E') && !code.startsWith('ERR_') ? `${known} (${code})` : known;
  if (code.startsWith('HPE_')) return 'does not answer in HTTP';
  if (/ALERT.*(CERTIFICATE|UNKNOWN_CA)/.test(code)) return CLIENT_CERTIFICATE;
  if (/^ERR_(SSL|TLS)_|^EPROTO$/.test(code)) return `fails at TLS (${code})`;
  if (/CERT/.test(code)) return `has a certificate that is not accepted (${code})`;
  return `cannot be asked: ${code || (error instanceof Error ? error.message : String(error))}`;
}

/** The names in a certificate, as far as they fit. */
function namesOf(error: unknown): string {
  const names = (error as { cert?: { subjectaltname?: unknown } }).cert?.subjectaltname;
  const text =
    typeof names === 'string' && names !== '' ? names.replace(/\b(?:DNS|IP Address):/g, '') : 'none';
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
