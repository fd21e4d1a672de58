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
