import type { Problem } from '../input/problem.ts';
import { quote } from '../input/quote.ts';
import { predicateOf, type YamlEntry, type YamlNode } from '../input/yaml.ts';
import { parseArtifactsKey } from './artifacts.ts';
import { DIGEST_WORD, readWords, type WordKey } from './words.ts';

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

/** The accepted signatures of images, by the key that `artifactsKey` gives. */
export type Signatures = ReadonlyMap<string, readonly RecordedSignature[]>;

/** The most signatures of one image. */
export const MAX_SIGNATURES = 100;

const NAME = /^[\x20-\x7e]{1,2048}$/;
const KEYS = {
  digest: DIGEST_WORD,
  issuer: { expected: 'the issuer of an identity', fits: (text) => NAME.test(text) },
  subject: { expected: 'an identity', fits: (text) => NAME.test(text) },
  key: DIGEST_WORD,
  time: {
    expected: 'a time such as 2026-08-01T12:00:00Z',
    fits: (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text),
  },
  transparency_log: { expected: 'true or false', fits: (text) => text === 'true' || text === 'false' },
} satisfies Record<string, WordKey>;

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
    const name = parseArtifactsKey(key);
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
  const {
    digest,
    issuer,
    subject,
    key,
    time,
    transparency_log: logged,
  } = readWords('a signature', node, KEYS, problems);
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
