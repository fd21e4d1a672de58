import * as z from 'zod/mini';
import { invalidRegexReason } from '../input/regex.ts';
import { imageGlob, key, notEmpty, text, withCheck } from './schema-parts.ts';

// The part of airgap.yaml that is about signatures: see schema.ts.

const REGEX = 'a regular expression for the whole value, without lookarounds and back references';

/** What is wrong with a signer as a whole, as the end of an error message. */
function invalidSignerReason(value: Partial<Record<string, unknown>>): string | undefined {
  const has = (name: string): boolean => value[name] !== undefined;
  const keyless = ['issuer', 'issuerRegex', 'subject', 'subjectRegex'].filter(has);
  if (has('key')) {
    if (keyless.length > 0) return `it has key and ${keyless[0]}; expected key, or an issuer and a subject`;
    return has('transparencyLog')
      ? undefined
      : 'it has key and no transparencyLog; write transparencyLog: true if signatures must be in a log, or false';
  }
  for (const name of ['issuer', 'subject']) {
    const [one, other] = [name, `${name}Regex`];
    if (has(one) && has(other)) return `it has ${one} and ${other}; expected one of them`;
    if (!has(one) && !has(other))
      return keyless.length > 0
        ? `it has no ${one}; expected ${one} or ${other}`
        : 'expected issuer and subject, or key';
  }
  return undefined;
}

const signer = withCheck(
  invalidSignerReason,
  z.strictObject({
    issuer: key(
      'Keyless: the OIDC issuer that the signer logged in to, exactly: https://token.actions.githubusercontent.com.',
      z.optional(text(notEmpty)),
    ),
    issuerRegex: key(`Keyless, instead of issuer: ${REGEX}.`, z.optional(text(invalidRegexReason))),
    subject: key(
      'Keyless: the identity in the certificate, exactly: an email address, or the URL of a workflow with its ref.',
      z.optional(text(notEmpty)),
    ),
    subjectRegex: key(`Keyless, instead of subject: ${REGEX}.`, z.optional(text(invalidRegexReason))),
    key: key(
      'Instead of issuer and subject: a public key (PEM), relative to this file: cosign.pub.',
      z.optional(text(notEmpty)),
    ),
    transparencyLog: key(
      'true: the signature must be in a transparency log of the trusted root. false: the log is not looked at; a keyless signature then needs a timestamp of a timestamp authority of the trusted root. Default: true; with key it must be given.',
      z.optional(z.boolean()),
    ),
  }),
);

const rule = z.strictObject({
  match: key(
    'Glob over the upstream server/repository; * stays within one path component, ** does not.',
    text(imageGlob),
  ),
  signedBy: key(
    'Who must have signed the images; one of them is enough. An empty list: no signature is needed, and the images are listed as having no policy.',
    z.array(signer),
  ),
});

function missingTrustReason({
  trustedRoot,
  images,
}: {
  trustedRoot?: unknown;
  images: { signedBy: { transparencyLog?: unknown }[] }[];
}): string | undefined {
  if (trustedRoot !== undefined) return undefined;
  const needs = images.some(({ signedBy }) =>
    signedBy.some(({ transparencyLog }) => transparencyLog !== false),
  );
  return needs
    ? 'trustedRoot is missing; only signatures with a key and transparencyLog: false can be checked without it'
    : undefined;
}

/** Who must have signed the images of the plan. */
export const verify = withCheck(
  missingTrustReason,
  z.strictObject({
    trustedRoot: key(
      'The trusted root of sigstore (trusted_root.json), relative to this file: the certificate authorities, logs and timestamp authorities that are trusted. It can be left out if all signers are keys without transparencyLog.',
      z.optional(text(notEmpty)),
    ),
    images: key(
      'Rules; the first that matches an image is the one that counts. Images that none matches have no policy.',
      z.array(rule),
    ),
  }),
);

/** The part `verify` with every default filled in. */
export type VerifyConfig = z.output<typeof verify>;
