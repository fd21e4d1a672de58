import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Artifact } from '../../lib/digests/artifacts.ts';
import { renderMirrorFiles } from '../../lib/manifests/mirror-files.ts';
import { artifactsField, referrersFiles } from '../../lib/mirror/plan-artifacts.ts';
import type { Relocation } from '../../lib/plan/model.ts';

const hex = (n: number) => n.toString(16).padStart(64, '0');
const digest = (n: number) => `sha256:${hex(n)}`;
const referrer = (n: number, subject: number, annotations?: Record<string, string>): Artifact => ({
  digest: digest(n),
  subject: digest(subject),
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  size: 700,
  artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
  ...(annotations && { annotations }),
});
const tagged = (n: number, subject: number, suffix: string): Artifact => ({
  digest: digest(n),
  subject: digest(subject),
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  size: 700,
  tag: `sha256-${hex(subject)}.${suffix}`,
});
const relocation = (n: number, artifacts: readonly Artifact[]): Relocation => ({
  source: { registry: 'ghcr.io', repository: `x/${n}`, tag: 'v1', digest: digest(n) },
  target: { registry: 'local.test', repository: `x/${n}`, tag: 'v1', digest: digest(n) },
  containers: [`c${n}/x`],
  artifacts,
});

test('a group for each subject, in the order of the plan; the list of its referrers is the last item', () => {
  const artifacts = [
    referrer(2, 1),
    tagged(3, 1, 'sig'),
    referrer(4, 1),
    tagged(5, 9, 'att'),
    referrer(6, 2),
  ];
  const lists = referrersFiles([relocation(1, artifacts)], undefined).map(({ path }) => path.slice(10, 74));
  expect(lists).toHaveLength(2);
  expect(artifactsField(artifacts, undefined)).toBe(
    `artifacts=${hex(1)}:${hex(2)}+sig.${hex(3)}+${hex(4)}+list.${lists[0]},${hex(9)}:att.${hex(5)},${hex(2)}:${hex(6)}+list.${lists[1]}`,
  );
});

test('a registry with the referrers API needs no lists; without artifacts there is no field', () => {
  expect(artifactsField([referrer(2, 1)], true)).toBe(`artifacts=${hex(1)}:${hex(2)}`);
  expect(referrersFiles([relocation(1, [referrer(2, 1)])], true)).toEqual([]);
  expect(artifactsField([], undefined)).toBeUndefined();
});

describe('in the ConfigMaps of the Job', () => {
  const files = (relocations: readonly Relocation[], shards = 1) => {
    const { plan, args } = renderMirrorFiles('ess-mirror', { relocations }, [], shards);
    return { maps: plan, all: plan.flatMap((map) => map.files), args: args('/m') };
  };

  test('the lists are beside the plan that names them, also of each shard; only plans are arguments', () => {
    const images = [1, 2, 3].map((n) => relocation(n, [referrer(10 + n, n)]));
    const one = files(images);
    expect(one.args).toEqual(['/m/images-000.plan']);
    expect(one.all.map(({ path }) => path).filter((path) => path.startsWith('referrers/'))).toHaveLength(3);
    const sharded = files(images, 2);
    for (const { path, text, key } of sharded.all) {
      expect(key).toMatch(/^[-._a-zA-Z0-9]{1,253}$/);
      if (!path.endsWith('.plan')) continue;
      const folder = path.slice(0, path.lastIndexOf('/'));
      for (const [, list] of text.matchAll(/list\.([0-9a-f]{64})/g))
        expect(sharded.all.map((file) => file.path)).toContain(`${folder}/referrers/${list}.json`);
    }
  });

  test('no ConfigMap is larger than kubectl apply takes, with quotes and letters of several bytes', () => {
    const artifact = fc.record({ annotations: fc.nat(4000), referrers: fc.integer({ min: 1, max: 40 }) });
    fc.assert(
      fc.property(
        fc.array(artifact, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 3 }),
        (specs, shards) => {
          const images = specs.map(({ annotations, referrers }, n) =>
            relocation(
              n,
              Array.from({ length: referrers }, (_, m) =>
                referrer(1000 * (n + 1) + m, n, { note: '"ä'.repeat(annotations / 20) }),
              ),
            ),
          );
          for (const map of files(images, shards).maps) {
            const data = Object.fromEntries(map.files.map(({ key, text }) => [key, text]));
            expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThan(256 * 1024 - 8192);
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  test('a list that no ConfigMap holds is an error that names the image and what to do', () => {
    const image = relocation(1, [
      referrer(2, 1, { note: '"'.repeat(60_000) }),
      referrer(3, 1, { note: '"'.repeat(60_000) }),
    ]);
    expect(() => files([image])).toThrow(
      /the list of artifacts of local\.test\/x\/1:v1 takes \d+ bytes in a ConfigMap; expected 212992 at most[\s\S]*ess-airgap mirror/,
    );
  });
});
