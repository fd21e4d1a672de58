import { ValidationError } from '@sigstore/bundle';
import { VerificationError } from '@sigstore/verify';

/** A signature is not accepted, for the reason in `message`: the end of the sentence "signature X is not accepted: …". */
export class Rejected extends Error {}

type Code = VerificationError['code'];

const REASONS: Readonly<Record<Code, string>> = {
  NOT_IMPLEMENTED_ERROR: 'its form is not supported',
  TLOG_ERROR: 'it has no entry of a transparency log',
  TLOG_INCLUSION_PROOF_ERROR: 'the proof that a transparency log of the trusted root includes it is wrong',
  TLOG_INCLUSION_PROMISE_ERROR: 'its entry is not signed by a transparency log of the trusted root',
  TLOG_MISSING_INCLUSION_ERROR: 'it has no proof that a transparency log includes it',
  TLOG_BODY_ERROR: 'its transparency log entry is about another signature or payload',
  CERTIFICATE_ERROR: 'its certificate is not accepted',
  PUBLIC_KEY_ERROR: 'the public key is not accepted',
  SIGNATURE_ERROR:
    'the signature does not fit the payload and the key: one of them was altered, or the key is another one',
  TIMESTAMP_ERROR: 'its timestamp is not one of a timestamp authority of the trusted root for this signature',
};

/** What the libraries say of a certificate, in words. */
const CERTIFICATE_REASONS: Readonly<Record<string, string>> = {
  'no valid certificate path found':
    'its certificate was not issued by a certificate authority of the trusted root',
  'no trusted certificate path found':
    'its certificate was not issued by a certificate authority of the trusted root',
  'certificate is not valid or expired at the specified date':
    'its certificate was not valid at the time of the signature',
  'SCT verification failed':
    'its certificate is not in a certificate transparency log of the trusted root (the SCT is wrong)',
};

/** The reason for which a library rejected a signature; whatever it stumbled over is the signature's fault. */
export function rejectionOf(error: unknown): Rejected {
  if (error instanceof Rejected) return error;
  if (error instanceof ValidationError) {
    const { fields } = error;
    const proof = fields.find((field) =>
      /\.(?:inclusionProof|inclusionPromise)(?:\.checkpoint)?$/.test(field),
    );
    if (proof) return new Rejected(`the bundle has no inclusion proof (${proof})`);
    return new Rejected(`the bundle is not valid: ${fields.join(', ')}`);
  }
  if (error instanceof VerificationError) return new Rejected(reasonOf(error));
  return new Rejected(
    `it cannot be read (${error instanceof Error ? error.message.slice(0, 200) : 'unknown'})`,
  );
}

function reasonOf({ code, message, cause }: VerificationError): string {
  if (code === 'TIMESTAMP_ERROR' && /^expected \d+ timestamps/.test(message))
    return 'nothing that is trusted says when it was signed: no signed time of a transparency log, no timestamp';
  if (code === 'TIMESTAMP_ERROR' && message === 'duplicate timestamp') return 'it has a timestamp twice';
  if (code !== 'CERTIFICATE_ERROR') return REASONS[code];
  const detail = cause instanceof Error ? cause.message : message;
  if (/^expected \d+ SCTs/.test(detail))
    return 'its certificate is not in a certificate transparency log (it has no SCT)';
  if (message === 'Failed to verify certificate chain' && !cause)
    return 'no certificate authority of the trusted root is for the time of the signature';
  return CERTIFICATE_REASONS[detail] ?? `${REASONS[code]} (${detail})`;
}
