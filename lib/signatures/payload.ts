import type { Bundle } from '@sigstore/bundle';
import { isObject } from '../common/collections.ts';
import { parseJson } from '../common/json.ts';
import { Rejected } from './rejected.ts';

// What a signature says: which image it is about. Until the signature is checked, this is only a claim.

/** What `cosign sign` states about an image, as the type of the predicate of an in-toto statement. */
export const SIGN_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';
const IN_TOTO = 'application/vnd.in-toto+json';
const STATEMENTS = ['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1'];
/** The `type` of a payload of simple signing: that of cosign, and that of the tool it comes from. */
const SIMPLE_SIGNING = ['cosign container image signature', 'atomic container signature'];
/** More subjects than a statement about one image has. */
const MAX_SUBJECTS = 1000;

/** The predicate type of the in-toto statement in a bundle; undefined if it holds none. */
export function predicateTypeOf(bundle: Bundle): string | undefined {
  const statement = statementOf(bundle);
  return typeof statement?.predicateType === 'string' ? statement.predicateType : undefined;
}

/** Throws Rejected unless a bundle holds a statement of `cosign sign` about the image with this digest. */
export function assertStatementAbout(bundle: Bundle, digest: string): void {
  const statement = statementOf(bundle);
  if (!statement || !STATEMENTS.includes(String(statement._type)))
    throw new Rejected('it does not hold an in-toto statement, which cosign sign writes');
  if (statement.predicateType !== SIGN_PREDICATE)
    throw new Rejected(
      `it is an attestation of the type ${JSON.stringify(String(statement.predicateType).slice(0, 120))}, not a signature of the image`,
    );
  const subjects = Array.isArray(statement.subject) ? statement.subject.slice(0, MAX_SUBJECTS) : [];
  const digests = subjects.flatMap((subject) =>
    isObject(subject) && isObject(subject.digest)
      ? Object.entries(subject.digest).map(([algorithm, hex]) => `${algorithm}:${hex}`)
      : [],
  );
  if (!digests.includes(digest)) throw about(digests, digest);
}

/** Throws Rejected unless a payload of simple signing is about the image with this digest. */
export function assertPayloadAbout(payload: Buffer, digest: string): void {
  const value = parseJson(payload);
  const critical = isObject(value) && isObject(value.critical) ? value.critical : {};
  if (!SIMPLE_SIGNING.includes(String(critical.type)))
    throw new Rejected('its payload is not one of cosign (simple signing)');
  const image = isObject(critical.image) ? critical.image : {};
  const found = String(image['docker-manifest-digest']);
  if (found !== digest) throw about([found], digest);
}

function about(found: readonly string[], digest: string): Rejected {
  const first = found[0]?.slice(0, 100) ?? 'no image';
  return new Rejected(`it is about another image: ${first}, not ${digest}`);
}

function statementOf({ content }: Bundle): Record<string, unknown> | undefined {
  if (content.$case !== 'dsseEnvelope' || content.dsseEnvelope.payloadType !== IN_TOTO) return undefined;
  const statement = parseJson(content.dsseEnvelope.payload);
  return isObject(statement) ? statement : undefined;
}
