import { describe, expect, test } from 'vitest';
import {
  DIGEST,
  KEY,
  KEY_ALONE,
  OTHER,
  type SignerConfig,
  STAMPED,
  startSignatureCheck,
} from '../support/signature-check.ts';
import { IDENTITY, type SignOptions } from '../support/sigstore.ts';

const { sigstore, other, trusted, key, otherKey, results } = await startSignatureCheck();

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
