import { describe, expect, test } from 'vitest';
import { parseRelease } from '../../lib/digests/read.ts';
import { makePlan } from '../../lib/index.ts';
import { configWith, containers, digestOf } from '../support/digests.ts';

const a = digestOf('a');
const s = digestOf('5');
const KEY = digestOf('c');
const image = 'ghcr.io/element-hq/synapse';
const images = { 'synapse/synapse': `${image}:v1@${a}` };
const ISSUER = 'https://token.actions.githubusercontent.com';
const SUBJECT = 'https://github.com/element-hq/synapse/.github/workflows/docker.yml@refs/tags/v1';
const identity = { issuer: ISSUER, subject: SUBJECT };

const lock = (lines: string): string =>
  `images_digests:\n  a:\n    a: { image_digest: "${a}", image_repository_path: b, image_repository_server: ghcr.io }\n${lines}`;
const recorded = (...lines: string[]) =>
  parseRelease(
    lock(`signatures:\n  "${image}@${a}":\n    - { digest: "${s}", ${lines.join(', ')} }\n`),
    'lock.yml',
  ).signatures;

type Signer = {
  issuer?: string;
  issuerRegex?: string;
  subject?: string;
  subjectRegex?: string;
  key?: string;
  transparencyLog?: boolean;
};
function planned(signer: Signer, signatures?: ReturnType<typeof recorded>) {
  const config = configWith({
    verify: { trustedRoot: 't.json', images: [{ match: 'ghcr.io/**', signedBy: [signer] }] },
  });
  const plan = makePlan(containers(images), config, undefined, {
    ...(signatures && { signatures }),
    keys: new Map([['a.pub', KEY]]),
  });
  const missing = plan.findings.find(({ code }) => code === 'signature-missing');
  return {
    signatures: plan.relocations[0]?.signatures,
    missing: missing?.message,
    severity: missing?.severity,
  };
}

const LOGGED = [
  `issuer: "${ISSUER}"`,
  `subject: "${SUBJECT}"`,
  'time: "2026-08-01T12:00:00Z"',
  'transparency_log: true',
];

describe('a recorded signature satisfies the policy', () => {
  test.each<[string, Signer, string[]]>([
    ['of this identity', identity, LOGGED],
    [
      'by regular expressions',
      { issuerRegex: 'https://token\\..*', subjectRegex: '.*@refs/tags/v\\d+' },
      LOGGED,
    ],
    ['with a key', { key: 'a.pub', transparencyLog: false }, [`key: "${KEY}"`]],
    ['without a log', { ...identity, transparencyLog: false }, LOGGED.slice(0, 2)],
  ])('%s', (_, signer, lines) => {
    const { signatures, missing } = planned(signer, recorded(...lines));
    expect(missing).toBeUndefined();
    expect(signatures).toMatchObject({ policy: 'ghcr.io/**', accepted: [{ digest: s }] });
  });
});

describe('an error finding, so that nothing is copied', () => {
  test.each<[string, Signer, string[] | undefined, string]>([
    ['nothing is recorded', identity, undefined, 'no signature is recorded for 1 image'],
    [
      'another subject',
      { ...identity, subject: 'x' },
      LOGGED,
      `it is signed by ${SUBJECT}, of the issuer ${ISSUER}; expected the subject x of the issuer`,
    ],
    ['another issuer', { ...identity, issuer: 'x' }, LOGGED, 'expected the subject'],
    [
      'a regular expression that matches only a part',
      { ...identity, subject: undefined, subjectRegex: 'element-hq' } as Signer,
      LOGGED,
      'expected the subject /element-hq/',
    ],
    [
      'another key',
      { key: 'a.pub', transparencyLog: false },
      [`key: "${a}"`],
      `it is signed by the key ${a}`,
    ],
    ['a key for an identity', identity, [`key: "${KEY}"`], `it is signed by the key ${KEY}`],
    [
      'not in a log',
      { key: 'a.pub', transparencyLog: true },
      [`key: "${KEY}"`],
      '(not in a transparency log)',
    ],
  ])('%s', (_, signer, lines, message) => {
    const { signatures, missing, severity } = planned(signer, lines && recorded(...lines));
    expect(missing).toContain(message);
    expect(severity).toBe('error');
    expect(signatures).toEqual({ policy: 'ghcr.io/**', accepted: [] });
  });
});

test('the signatures of another digest of the image do not count', () => {
  const other = parseRelease(
    lock(`signatures:\n  "${image}@${s}":\n    - { digest: "${s}", key: "${KEY}" }\n`),
    'lock.yml',
  ).signatures;
  expect(planned({ key: 'a.pub', transparencyLog: false }, other).missing).toContain(
    'no signature is recorded',
  );
});

test('without a policy, what is recorded counts for nothing', () => {
  const config = configWith({ verify: { images: [{ match: 'ghcr.io/**', signedBy: [] }] } });
  const plan = makePlan(containers(images), config, undefined, {
    signatures: recorded(...LOGGED) ?? new Map(),
  });
  expect(plan.relocations[0]?.signatures).toEqual({ accepted: [] });
  expect(makePlan(containers(images), configWith({})).relocations[0]).not.toHaveProperty('signatures');
});

test.each([
  ['signatures: 1', 'lock.yml:4:1: error: signatures is "1"; expected a mapping from images to lists'],
  ['signatures: { x: [] }', 'signatures has the key "x"; expected an image as registry/repository@sha256:…'],
  [`signatures: { "${image}@${a}": 1 }`, 'expected a list of at most 100'],
  [`signatures: { "${image}@${a}": [1] }`, 'a signature is "1"; expected a mapping with digest'],
  [`signatures: { "${image}@${a}": [{ digets: x }] }`, 'a signature has the unknown key "digets"'],
  [
    `signatures: { "${image}@${a}": [{ digest: x }] }`,
    'the digest of a signature is "x"; expected sha256: and 64 hexadecimal digits',
  ],
  [
    `signatures: { "${image}@${a}": [{ digest: "${s}" }] }`,
    'a signature is not complete; expected digest, and issuer and subject, or key',
  ],
  [
    `signatures: { "${image}@${a}": [{ digest: "${s}", key: "${KEY}", issuer: x }] }`,
    'a signature is not complete',
  ],
  [
    `signatures: { "${image}@${a}": [{ digest: "${s}", key: "${KEY}", time: now }] }`,
    'the time of a signature is "now"; expected a time such as',
  ],
])('a digests file with %s', (lines, message) => {
  expect(() => parseRelease(lock(`${lines}\n`), 'lock.yml')).toThrow(message);
});
