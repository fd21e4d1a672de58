import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { GlobBudget } from '../../lib/input/glob.ts';
import { SignaturePolicy, type Signer } from '../../lib/plan/signers.ts';
import { acceptBundle, acceptSimple } from '../../lib/signatures/accept.ts';
import { readPublicKey } from '../../lib/signatures/public-key.ts';
import { Rejected } from '../../lib/signatures/rejected.ts';
import { parseTrustedRoot } from '../../lib/signatures/trusted-root.ts';
import type { Trusted } from '../../lib/signatures/verify.ts';
import {
  IDENTITY,
  makeKey,
  pemOf,
  type SignOptions,
  startSigstore,
  type TestBundle,
  type TestLogEntry,
  type TestSigstore,
} from '../support/sigstore.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const OTHER = `sha256:${'b'.repeat(64)}`;

let sigstore: TestSigstore;
let other: TestSigstore;
let trusted: Trusted;
const key = makeKey();
const otherKey = makeKey();

beforeAll(async () => {
  sigstore = await startSigstore();
  other = await startSigstore();
  const file = join(tmpdir(), `ess-key-${process.pid}.pub`);
  writeFileSync(file, pemOf(key.publicKey));
  trusted = {
    trust: parseTrustedRoot(JSON.stringify(sigstore.trustedRoot), 'trusted_root.json'),
    keys: new Map([['cosign.pub', readPublicKey(file)]]),
  };
});

type SignerConfig = Parameters<typeof signersOf>[0];
const signersOf = (
  ...signedBy: NonNullable<
    ConstructorParameters<typeof SignaturePolicy>[0]['verify']
  >['images'][number]['signedBy']
): readonly Signer[] =>
  new SignaturePolicy({ verify: { images: [{ match: '**', signedBy }] } }, new GlobBudget()).rules[0]
    ?.signers ?? [];

const KEY = { key: 'cosign.pub', transparencyLog: true };
const KEY_ALONE = { key: 'cosign.pub', transparencyLog: false };
const STAMPED = { ...IDENTITY, transparencyLog: false };

/** Both forms of one signature, each with what becomes of it. */
async function results(
  options: SignOptions,
  signer: SignerConfig = IDENTITY,
  by = sigstore,
  digest = DIGEST,
) {
  const signers = signersOf(signer);
  const outcome = (accept: () => unknown): unknown => {
    try {
      return accept();
    } catch (error) {
      return (error as Error).message;
    }
  };
  const bundle = Buffer.from(JSON.stringify(await by.bundle(digest, options)));
  const { payload, annotations } = await by.simple(digest, options);
  return {
    bundle: outcome(() => acceptBundle(bundle, DIGEST, signers, trusted)),
    simple: outcome(() => acceptSimple(Buffer.from(payload), annotations, DIGEST, signers, trusted)),
  };
}

describe('accepted, in the form of cosign 3 and of cosign 2', () => {
  test.each<[string, SignOptions, SignerConfig]>([
    ['an identity, in a log', {}, IDENTITY],
    [
      'an identity by regular expressions',
      {},
      {
        issuerRegex: 'https://token\\..*',
        subjectRegex: 'https://github\\.com/element-hq/.*@refs/tags/v[0-9.]+',
      },
    ],
    ['an identity, in a log and with a timestamp', { proof: 'both' }, IDENTITY],
    ['an identity with a timestamp alone, where the policy wants no log', { proof: 'timestamp' }, STAMPED],
    ['a key, in a log', { key }, KEY],
    ['a key, where the policy wants no log', { key, proof: 'none' }, KEY_ALONE],
    ['a key in a log that is not trusted, where the policy wants no log', { key }, KEY_ALONE],
  ])('%s', async (_, options, signer) => {
    const { bundle, simple } = await results(options, signer);
    const expected = {
      signer: 'key' in signer ? { key: trusted.keys.get('cosign.pub')?.fingerprint } : IDENTITY,
      logged: signer.transparencyLog !== false,
      ...(signer !== KEY_ALONE && { time: expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) }),
    };
    expect({ bundle, simple }).toEqual({ bundle: expected, simple: expected });
  });
});

describe('rejected, with the reason', () => {
  const both = (reason: string | RegExp) => ({ bundle: reason, simple: reason });
  test.each<
    [string, SignOptions, SignerConfig | undefined, { bundle: string | RegExp; simple: string | RegExp }]
  >([
    [
      'another subject',
      { subject: 'https://github.com/evil/x' },
      undefined,
      both(/^it was signed by https:\/\/github\.com\/evil\/x, of the issuer .*; expected the subject /),
    ],
    [
      'another issuer',
      { issuer: 'https://accounts.example.org' },
      undefined,
      both(/of the issuer https:\/\/accounts\.example\.org; expected/),
    ],
    [
      'a certificate that had expired',
      { minutesLater: 60 },
      undefined,
      both('its certificate was not valid at the time of the signature'),
    ],
    [
      'a certificate that was not valid yet',
      { minutesLater: -60 },
      undefined,
      both(/its certificate was not valid at the time|no certificate authority/),
    ],
    [
      'no log entry and no timestamp',
      { proof: 'none' },
      undefined,
      both(/nothing that is trusted says when it was signed/),
    ],
    [
      'a timestamp and no log entry',
      { proof: 'timestamp' },
      undefined,
      both('it has no entry of a transparency log'),
    ],
    [
      'no timestamp, where the policy wants no log',
      {},
      STAMPED,
      both(/nothing that is trusted says when it was signed/),
    ],
    [
      'an altered payload',
      { alter: (it) => it.replace(/\}$/, ' }') },
      undefined,
      both('its transparency log entry is about another signature or payload'),
    ],
    [
      'an altered payload, without a log',
      { key, alter: (it) => it.replace(/\}$/, ' }') },
      KEY_ALONE,
      both(/^the signature does not fit the payload and the key/),
    ],
    [
      'a payload altered to name this image',
      { key, alter: (it) => it.replaceAll('b'.repeat(64), 'a'.repeat(64)) },
      KEY_ALONE,
      both(/^the signature does not fit/),
    ],
    [
      'another key',
      { key: otherKey },
      KEY_ALONE,
      both(/^the signature does not fit the payload and the key/),
    ],
    [
      'another key, in a log',
      { key: otherKey },
      KEY,
      both(/^the signature does not fit the payload and the key/),
    ],
    [
      'a key, where an identity is expected',
      { key },
      undefined,
      both('it was made with a key, and the policy expects the certificate of an identity'),
    ],
    [
      'an identity, where a key is expected',
      {},
      KEY,
      both('it was made with a certificate, and the policy expects a key'),
    ],
    ['a key without a log entry', { key, proof: 'none' }, KEY, both('it has no entry of a transparency log')],
  ])('%s', async (name, options, signer, expected) => {
    const digest = name.includes('to name this image') ? OTHER : DIGEST;
    const found = await results(options, signer, sigstore, digest);
    for (const form of ['bundle', 'simple'] as const)
      expect([form, found[form]]).toEqual([
        form,
        expected[form] instanceof RegExp ? expect.stringMatching(expected[form]) : expected[form],
      ]);
  });

  test('the signature of another image', async () => {
    expect(await results({}, IDENTITY, sigstore, OTHER)).toEqual(
      both(`it is about another image: ${OTHER}, not ${DIGEST}`),
    );
  });

  test('authorities and logs that the trusted root does not name', async () => {
    expect(await results({}, IDENTITY, other)).toEqual(
      both('its certificate was not issued by a certificate authority of the trusted root'),
    );
    expect(await results({ key }, KEY, other)).toEqual({
      bundle: 'its entry is not signed by a transparency log of the trusted root',
      simple: 'its entry is not signed by a transparency log of the trusted root',
    });
    expect(await results({ proof: 'timestamp' }, STAMPED, other)).toEqual(
      both('its timestamp is not one of a timestamp authority of the trusted root for this signature'),
    );
  });
});

describe('a bundle is hostile until it is checked', () => {
  const rejection = async (options: SignOptions, signer: SignerConfig = IDENTITY) =>
    (await results(options, signer)).bundle;
  const entryOf = ({ verificationMaterial }: TestBundle): TestLogEntry => {
    const [entry] = verificationMaterial.tlogEntries;
    if (!entry) throw new Error('the bundle has no log entry');
    return entry;
  };
  const checkpointOf = (bundle: TestBundle): { envelope: string } => {
    const checkpoint = entryOf(bundle).inclusionProof?.checkpoint;
    if (!checkpoint) throw new Error('the bundle has no checkpoint');
    return checkpoint;
  };

  test.each<[string, SignOptions, string | RegExp]>([
    [
      'without inclusion proof',
      {
        change: (bundle) => {
          delete entryOf(bundle).inclusionProof;
        },
      },
      'the bundle has no inclusion proof (verificationMaterial.tlogEntries[0].inclusionProof)',
    ],
    [
      'with a proof without checkpoint',
      {
        change: (bundle) => {
          delete entryOf(bundle).inclusionProof?.checkpoint;
        },
      },
      /has no inclusion proof \(.*inclusionProof\.checkpoint\)/,
    ],
    [
      'with a proof for another place in the log',
      {
        change: (bundle) => {
          entryOf(bundle).inclusionProof?.hashes.push(Buffer.alloc(32).toString('base64'));
        },
      },
      'the proof that a transparency log of the trusted root includes it is wrong',
    ],
    [
      'whose log has a name that is a regular expression without end',
      {
        change: (bundle) => {
          const checkpoint = checkpointOf(bundle);
          checkpoint.envelope = checkpoint.envelope.replace(
            '— rekor.example.org',
            `— ${'(.+)+'.repeat(10)}x`,
          );
        },
      },
      'the checkpoint of its transparency log entry is not valid',
    ],
    [
      'whose log has a size of a million digits',
      {
        change: (bundle) => {
          const checkpoint = checkpointOf(bundle);
          checkpoint.envelope = checkpoint.envelope.replace('\n1\n', `\n${'9'.repeat(10_000)}\n`);
        },
      },
      'the checkpoint of its transparency log entry is not valid',
    ],
    [
      'with many log entries',
      {
        change: ({ verificationMaterial: material }) => {
          material.tlogEntries = material.tlogEntries.flatMap((entry) => Array(9).fill(entry));
        },
      },
      'it has more than 8 transparency log entries',
    ],
    [
      'of another kind of statement',
      { predicateType: 'https://slsa.dev/provenance/v1' },
      /^it is an attestation of the type "https:\/\/slsa\.dev\/provenance\/v1"/,
    ],
    [
      'whose payload is something else',
      {
        change: ({ dsseEnvelope }) => {
          dsseEnvelope.payloadType = 'text/plain';
        },
      },
      'it does not hold an in-toto statement, which cosign sign writes',
    ],
    [
      'of another version',
      {
        change: (bundle) => {
          bundle.mediaType = 'application/vnd.dev.sigstore.bundle.v9+json';
        },
      },
      /^the bundle is not valid: mediaType/,
    ],
  ])('%s', async (_, options, reason) => {
    const found = await rejection(options);
    if (reason instanceof RegExp) expect(found).toMatch(reason);
    else expect(found).toBe(reason);
  });

  test('with the log entry of another key for the same signature', async () => {
    const body = ({ canonicalizedBody }: TestLogEntry) =>
      JSON.parse(Buffer.from(canonicalizedBody, 'base64').toString('utf8'));
    const mine = await sigstore.bundle(DIGEST, { key });
    const foreign = body(entryOf(await sigstore.bundle(DIGEST, { key: otherKey })));
    const changed = body(entryOf(mine));
    changed.spec.signatures[0].verifier = foreign.spec.signatures[0].verifier;
    const relogged = await sigstore.log(changed);
    mine.verificationMaterial.tlogEntries = [relogged];
    const check = () => acceptBundle(Buffer.from(JSON.stringify(mine)), DIGEST, signersOf(KEY), trusted);
    expect(check).toThrow('its transparency log entry is about another key or certificate');
  });

  test('text that is no JSON, and JSON that is no bundle', () => {
    for (const text of ['', '[]', 'null', '{"mediaType":1}', `{"dsseEnvelope":${'['.repeat(100_000)}`]) {
      const check = () => acceptBundle(Buffer.from(text), DIGEST, signersOf(IDENTITY), trusted);
      expect(check).toThrow(Rejected);
    }
  });

  test('any change of a bundle that is accepted is rejected, or changes nothing that was signed', async () => {
    const bundle = JSON.stringify(await sigstore.bundle(DIGEST, {}));
    const at = fc.integer({ min: 0, max: bundle.length - 1 });
    fc.assert(
      fc.property(at, fc.constantFrom('0', 'A', '"', '{', ',', ''), (index, character) => {
        const altered = Buffer.from(bundle.slice(0, index) + character + bundle.slice(index + 1));
        try {
          const { signer } = acceptBundle(altered, DIGEST, signersOf(IDENTITY), trusted);
          expect(signer).toEqual(IDENTITY);
        } catch (error) {
          expect(error).toBeInstanceOf(Rejected);
        }
      }),
      { numRuns: 300 },
    );
  });
});
