import { invalidDigestReason, parseReference } from '../image/reference.ts';
import { nearest } from '../input/nearest.ts';
import type { Problem } from '../input/problem.ts';
import { quote } from '../input/quote.ts';
import { predicateOf, type YamlEntry, type YamlMapping, type YamlNode } from '../input/yaml.ts';
import { artifactsKey } from './artifacts.ts';

/** A signature of an image that was checked and accepted: who signed, and when. */
export interface RecordedSignature {
  /** The digest of the manifest that holds the signature. */
  readonly digest: string;
  readonly signer: SignerIdentity;
  /**
   * When it was signed (RFC 3339, UTC), by the transparency log or a timestamp authority; left out if neither says so.
   */
  readonly time?: string;
  /** Whether a transparency log has it, with a proof that was checked. */
  readonly logged: boolean;
}

/** Who signed: somebody who logged in to an issuer, or the owner of a key. */
export type SignerIdentity =
  | { readonly issuer: string; readonly subject: string }
  /** `sha256:…` of the public key (SubjectPublicKeyInfo, DER). */
  | { readonly key: string };

/** The accepted signatures of images, by the key that {@link artifactsKey} gives. */
export type Signatures = ReadonlyMap<string, readonly RecordedSignature[]>;

/** The most signatures of one image. */
export const MAX_SIGNATURES = 100;

const KEYS = ['digest', 'issuer', 'subject', 'key', 'time', 'transparency_log'] as const;
const NAME = /^[\x20-\x7e]{1,2048}$/;
const WHAT: Readonly<
  Record<(typeof KEYS)[number], { readonly expected: string; readonly fits: (text: string) => boolean }>
> = {
  digest: { expected: 'sha256: and 64 hexadecimal digits', fits: (text) => !invalidDigestReason(text) },
  issuer: { expected: 'the issuer of an identity', fits: (text) => NAME.test(text) },
  subject: { expected: 'an identity', fits: (text) => NAME.test(text) },
  key: { expected: 'sha256: and 64 hexadecimal digits', fits: (text) => !invalidDigestReason(text) },
  time: {
    expected: 'a time such as 2026-08-01T12:00:00Z',
    fits: (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text),
  },
  transparency_log: { expected: 'true or false', fits: (text) => text === 'true' || text === 'false' },
};

/**
 * Reads the mapping `signatures` of a digests file.
 *
 * @returns what could be read; whatever is wrong is added to `problems`
 */
export function readSignatures(entry: YamlEntry | undefined, problems: Problem[]): Signatures {
  const signatures = new Map<string, readonly RecordedSignature[]>();
  if (entry === undefined) return signatures;
  if (entry.value.kind !== 'mapping') {
    problems.push({
      place: entry.place,
      message: `signatures ${predicateOf(entry.value)}; expected a mapping from images to lists, as ess-airgap lock writes it`,
      hint: 'Remove it, or make the digests file again.',
    });
    return signatures;
  }
  for (const { key, place, value } of entry.value.entries) {
    const image = parseReference(key);
    const name = typeof image === 'string' || image.tag ? undefined : artifactsKey(image);
    if (name === undefined) {
      problems.push({
        place,
        message: `signatures has the key ${quote(key)}; expected an image as registry/repository@sha256:…`,
      });
    } else if (value.kind !== 'sequence' || value.items.length > MAX_SIGNATURES) {
      problems.push({
        place: value.place,
        message: `the signatures of ${quote(key)}: expected a list of at most ${MAX_SIGNATURES}`,
      });
    } else
      signatures.set(
        name,
        value.items.flatMap((item) => readSignature(item, problems) ?? []),
      );
  }
  return signatures;
}

function readSignature(node: YamlNode, problems: Problem[]): RecordedSignature | undefined {
  if (node.kind !== 'mapping') {
    problems.push({
      place: node.place,
      message: `a signature ${predicateOf(node)}; expected a mapping with digest`,
    });
    return undefined;
  }
  const before = problems.length;
  const { digest, issuer, subject, key, time, transparency_log: logged } = readWords(node, problems);
  if (problems.length > before) return undefined;
  const signer =
    key !== undefined ? { key } : issuer !== undefined && subject !== undefined && { issuer, subject };
  if (digest === undefined || !signer || (key !== undefined && (issuer ?? subject) !== undefined)) {
    problems.push({
      place: node.place,
      message: 'a signature is not complete; expected digest, and issuer and subject, or key',
    });
    return undefined;
  }
  return { digest, signer, ...(time && { time }), logged: logged === 'true' };
}

function readWords(node: YamlMapping, problems: Problem[]): Partial<Record<(typeof KEYS)[number], string>> {
  const words: Partial<Record<(typeof KEYS)[number], string>> = {};
  for (const { key, place, value } of node.entries) {
    const known = KEYS.find((own) => own === key);
    if (!known) {
      const meant = nearest(key, KEYS);
      problems.push({
        place,
        message: `a signature has the unknown key ${quote(key)}; expected ${KEYS.join(', ')}`,
        ...(meant && { hint: `Did you mean ${meant}?` }),
      });
    } else if (value.kind !== 'scalar' || !WHAT[known].fits(value.text)) {
      problems.push({
        place: value.place,
        message: `the ${key} of a signature ${predicateOf(value)}; expected ${WHAT[known].expected}`,
      });
    } else words[known] = value.text;
  }
  return words;
}
