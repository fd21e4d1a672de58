import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { acceptBundle } from '../../lib/signatures/accept.ts';
import { Rejected } from '../../lib/signatures/rejected.ts';
import {
  DIGEST,
  KEY,
  type SignerConfig,
  signersOf,
  startSignatureCheck,
} from '../support/signature-check.ts';
import { IDENTITY, type SignOptions, type TestBundle } from '../support/sigstore.ts';
import type { TestLogEntry } from '../support/sigstore-parts.ts';

const { sigstore, trusted, key, otherKey, results } = await startSignatureCheck();

describe('a bundle with an entry of Rekor 2, which gives no time', () => {
  test.each<[string, SignOptions, SignerConfig]>([
    ['an identity, with a timestamp', { proof: 'both' }, IDENTITY],
    ['a key', { key }, KEY],
  ])('%s: accepted', async (_, options, signer) => {
    const { bundle } = await results({ ...options, rekor: 2 }, signer);
    expect(bundle).toMatchObject({ logged: true });
  });

  test.each<[string, SignOptions, string]>([
    ['without a timestamp', { proof: 'log' }, 'nothing that is trusted says when it was signed'],
    [
      'an altered payload',
      { proof: 'both', alter: (it) => it.replace(/\}$/, ' }') },
      'is about another signature or payload',
    ],
    [
      'without inclusion proof',
      {
        proof: 'both',
        change: ({ verificationMaterial: { tlogEntries } }) => {
          for (const entry of tlogEntries) delete entry.inclusionProof;
        },
      },
      'the bundle has no inclusion proof',
    ],
  ])('%s: rejected', async (_, options, reason) => {
    expect((await results({ ...options, rekor: 2 })).bundle).toContain(reason);
  });

  test('with the entry of another certificate: rejected', async () => {
    const [mine, other] = [
      await sigstore.bundle(DIGEST, { proof: 'both', rekor: 2 }),
      await sigstore.bundle(DIGEST, { proof: 'both', rekor: 2 }),
    ];
    const body = (bundle: TestBundle) =>
      JSON.parse(
        Buffer.from(bundle.verificationMaterial.tlogEntries[0]?.canonicalizedBody ?? '', 'base64').toString(
          'utf8',
        ),
      );
    const changed = body(mine);
    changed.spec.dsseV002.signatures[0].verifier = body(other).spec.dsseV002.signatures[0].verifier;
    mine.verificationMaterial.tlogEntries = [await sigstore.log(changed, 2)];
    const check = () => acceptBundle(Buffer.from(JSON.stringify(mine)), DIGEST, signersOf(IDENTITY), trusted);
    expect(check).toThrow('its transparency log entry is about another key or certificate');
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
