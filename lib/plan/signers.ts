import type { VerifyConfig } from '../config/schema-verify.ts';
import type { RecordedSignature, SignerIdentity } from '../digests/signatures.ts';
import { type ImageReference, repositoryName } from '../image/reference.ts';
import { type GlobBudget, globMatcher } from '../input/glob.ts';
import { regexMatcher } from '../input/regex.ts';

type SignerConfig = VerifyConfig['images'][number]['signedBy'][number];

/** Somebody whose signature is accepted. */
export type Signer =
  | {
      readonly kind: 'keyless';
      readonly issuer: (value: string) => boolean;
      readonly subject: (value: string) => boolean;
      readonly transparencyLog: boolean;
      /** For messages: what is expected of the issuer and the subject. */
      readonly expected: string;
    }
  | {
      readonly kind: 'key';
      /** The file, as the configuration names it. */
      readonly path: string;
      readonly transparencyLog: boolean;
      readonly expected: string;
    };

/** Who must have signed the images that a rule matches. */
export interface SignatureRule {
  /** Its place in `verify.images`. */
  readonly index: number;
  readonly match: string;
  /** One of them is enough. Empty: images that match need no signature. */
  readonly signers: readonly Signer[];
}

/** The part `verify` of a configuration, ready to be asked. */
export class SignaturePolicy {
  readonly rules: readonly SignatureRule[];
  readonly #matchers: readonly ((name: string) => boolean)[];

  constructor(config: { readonly verify?: VerifyConfig | undefined }, budget: GlobBudget) {
    const rules = config.verify?.images ?? [];
    this.#matchers = rules.map(({ match }) => globMatcher(match, budget));
    this.rules = rules.map(({ match, signedBy }, index) => ({
      index,
      match,
      signers: signedBy.map(signerOf),
    }));
  }

  /** The first rule that matches an image; undefined if none does. */
  ruleFor(source: ImageReference): SignatureRule | undefined {
    const name = repositoryName(source);
    return this.rules.find((_, index) => this.#matchers[index]?.(name));
  }

  /** Whether a rule matches an image, also if an earlier one wins. */
  fits(index: number, source: ImageReference): boolean {
    return this.#matchers[index]?.(repositoryName(source)) ?? false;
  }
}

function signerOf(config: SignerConfig): Signer {
  const { key } = config;
  const transparencyLog = config.transparencyLog ?? true;
  if (key !== undefined) return { kind: 'key', path: key, transparencyLog, expected: `the key ${key}` };
  const { issuer, issuerRegex, subject, subjectRegex } = config;
  return {
    kind: 'keyless',
    issuer: matcherOf(issuer, issuerRegex),
    subject: matcherOf(subject, subjectRegex),
    transparencyLog,
    expected: `the subject ${subject ?? `/${subjectRegex}/`} of the issuer ${issuer ?? `/${issuerRegex}/`}`,
  };
}

function matcherOf(exact: string | undefined, regex: string | undefined): (value: string) => boolean {
  if (exact !== undefined) return (value) => value === exact;
  return regex === undefined ? () => false : regexMatcher(regex);
}

/** `sha256:…` of the public keys that a configuration names, by their path. */
export type KeyFingerprints = ReadonlyMap<string, string>;

/** Whether a signer is the one that a signature names. */
export function isSignedBy(identity: SignerIdentity, signer: Signer, keys: KeyFingerprints): boolean {
  if ('key' in identity) return signer.kind === 'key' && identity.key === keys.get(signer.path);
  return signer.kind === 'keyless' && signer.issuer(identity.issuer) && signer.subject(identity.subject);
}

/** Whether a recorded signature is one that a rule accepts. */
export function isAccepted(
  { signer: identity, logged }: RecordedSignature,
  { signers }: SignatureRule,
  keys: KeyFingerprints,
): boolean {
  return signers.some((signer) => isSignedBy(identity, signer, keys) && (logged || !signer.transparencyLog));
}

/** For messages: who must have signed. */
export function expectedSigners({ signers }: SignatureRule): string {
  return signers.map(({ expected }) => expected).join(', or ');
}

/** For messages: who signed. */
export function describeSigner(identity: SignerIdentity): string {
  return 'key' in identity
    ? `the key ${identity.key}`
    : `${identity.subject}, of the issuer ${identity.issuer}`;
}
