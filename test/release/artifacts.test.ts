import { describe, expect, test } from 'vitest';
import { type Artifact, cosignTag } from '../../lib/digests/artifacts.ts';
import { parseRelease } from '../../lib/digests/read.ts';
import { renderLock } from '../../lib/lock/render.ts';
import { compareArtifacts, isUnchanged } from '../../lib/release/artifacts.ts';
import { essAirgap, folder } from '../support/cli.ts';
import { digestsFileOf } from '../support/release.ts';

const d = (digit: string): string => `sha256:${digit.repeat(64)}`;
const artifact = (digit: string, subject: string, more: Partial<Artifact> = {}): Artifact => ({
  digest: d(digit),
  subject,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  size: 9,
  artifactType: 'application/spdx+json',
  ...more,
});
const signature = (digit: string, subject: string): Artifact => {
  const { artifactType: _, ...rest } = artifact(digit, subject);
  return { ...rest, tag: cosignTag(subject, 'sig') };
};
const SYNAPSE = 'ghcr.io/element-hq/synapse';
const release = (digit: string, lists: Record<string, Artifact[]>) => ({
  ...parseRelease(
    digestsFileOf({
      'synapse/synapse': `${SYNAPSE}:v${digit}@${d(digit)}`,
      'web/web': `docker.io/vectorim/web:1@${d('0')}`,
    }),
    'd.yml',
  ),
  artifacts: new Map(Object.entries(lists)),
});
const WEB = `docker.io/vectorim/web@${d('0')}`;
const old = release('1', {
  [`${SYNAPSE}@${d('1')}`]: [signature('a', d('1'))],
  [WEB]: [artifact('b', d('0'))],
});

describe('what changed', () => {
  test('nothing', () => {
    expect(isUnchanged(compareArtifacts(old, old))).toBe(true);
  });

  test('an artifact came and one went, of an image that both have', () => {
    const now = release('1', { ...Object.fromEntries(old.artifacts), [WEB]: [artifact('c', d('0'))] });
    expect(compareArtifacts(old, now)).toEqual({
      changed: [{ image: WEB, added: [artifact('c', d('0'))], removed: [artifact('b', d('0'))] }],
      nowKnown: [],
      noLongerKnown: [],
      unsigned: [],
    });
  });

  test('a fact of an artifact changed', () => {
    const now = release('1', {
      ...Object.fromEntries(old.artifacts),
      [WEB]: [artifact('b', d('0'), { artifactType: 'a/b' })],
    });
    expect(compareArtifacts(old, now).changed).toHaveLength(1);
  });

  test('the images of one release only are not counted as known or unknown, the others are', () => {
    const now = release('2', { [`${SYNAPSE}@${d('2')}`]: [signature('d', d('2'))] });
    expect(compareArtifacts(old, now)).toEqual({
      changed: [],
      nowKnown: [],
      noLongerKnown: [WEB],
      unsigned: [],
    });
    expect(compareArtifacts(now, old)).toMatchObject({ nowKnown: [WEB], noLongerKnown: [] });
  });

  test('an image that was signed is followed by one that is not', () => {
    const key = `${SYNAPSE}@${d('2')}`;
    const unsigned = [{ before: `${SYNAPSE}@${d('1')}`, after: key }];
    expect(compareArtifacts(old, release('2', { [key]: [] })).unsigned).toEqual(unsigned);
    expect(compareArtifacts(old, release('2', { [key]: [artifact('e', d('2'))] })).unsigned).toEqual(
      unsigned,
    );
    expect(compareArtifacts(old, release('2', { [key]: [signature('e', d('2'))] })).unsigned).toEqual([]);
    // Nothing known is no claim.
    expect(compareArtifacts(old, release('2', {})).unsigned).toEqual([]);
  });
});

describe('ess-airgap diff', () => {
  const now = release('2', { [`${SYNAPSE}@${d('2')}`]: [], [WEB]: [artifact('c', d('0'))] });
  const diff = (...args: string[]) =>
    essAirgap(['diff', ...args], { cwd: folder({ 'old.yml': renderLock(old), 'new.yml': renderLock(now) }) });

  test('shows it to people', () => {
    const { stdout } = diff('old.yml', 'new.yml');
    expect(stdout).toContain(`
Signatures, attestations and SBOMs
~ artifacts of docker.io/vectorim/web@sha256:000000000000
    - application/spdx+json sha256:bbbbbbbbbbbb of sha256:000000000000
    + application/spdx+json sha256:cccccccccccc of sha256:000000000000
! ${SYNAPSE}@sha256:222222222222 has no signature; ${SYNAPSE}@sha256:111111111111 had one
`);
    const markdown = diff('old.yml', 'new.yml', '--format', 'markdown').stdout;
    expect(markdown).toContain(
      '```diff\n~ artifacts of docker.io/vectorim/web@sha256:000000000000\n-   application/spdx',
    );
  });

  test('and to programs', () => {
    const { artifacts } = JSON.parse(diff('old.yml', 'new.yml', '--format', 'json').stdout);
    expect(artifacts).toMatchObject({
      changed: [{ image: WEB }],
      unsigned: [{ after: `${SYNAPSE}@${d('2')}` }],
    });
  });

  test('says nothing of it where nothing changed', () => {
    expect(diff('old.yml', 'old.yml').stdout).toMatch(/Nothing changed\.\n$/);
    expect(JSON.parse(diff('old.yml', 'old.yml', '--format', 'json').stdout)).not.toHaveProperty('artifacts');
  });
});
