import { readFileSync } from 'node:fs';
import { Yaml } from 'cdk8s';
import { describe, expect, test } from 'vitest';
import type { ConfigInput } from '../../lib/index.ts';
import { type Manifest, only, synthesize } from '../support/synth.ts';

const digests = readFileSync('test/fixtures/images_digests.full.yml', 'utf8');
const store = { name: 'vault', kind: 'ClusterSecretStore' } as const;
const remote = (key: string) => ({ username: { key }, password: { key, property: 'password' } });
const modes = ['none', 'argocd', 'flux'] as const;
const config = (gitops: (typeof modes)[number]): ConfigInput => ({
  apiVersion: 'ess-airgap/v1',
  registry: { server: 'localregistry.local' },
  gitops,
  pullSecret: { name: 'pull', source: 'externalSecret', store, ...remote('pull') },
  mirror: {
    image: `quay.io/skopeo/stable@sha256:${'a'.repeat(64)}`,
    auth: [
      { server: 'localregistry.local', source: 'externalSecret', name: 'push', store, ...remote('push') },
    ],
  },
});
const objects = (gitops: (typeof modes)[number], release = digests): Manifest[] =>
  Object.values(synthesize(release, config(gitops))).flat();
const annotation = (object: Manifest, key: string) => object.metadata.annotations?.[key];

describe.each(modes)('gitops: %s', (mode) => {
  test('an unchanged synth changes nothing; a new release makes one new Job', () => {
    const text = (made: Manifest[]) => Yaml.stringify(...made);
    expect(text(objects(mode))).toBe(text(objects(mode)));
    const next = digests.replaceAll('sha256:1e7e', 'sha256:0e7e');
    expect(next).not.toBe(digests);
    const [before, after] = [objects(mode), objects(mode, next)].map(
      (made) => only(made, 'Job').metadata.name,
    );
    expect(after).not.toBe(before);
  });

  test('the tool changes nothing of what the Job does, nor its name', () => {
    const strip = ({ metadata: { annotations: _, ...metadata }, ...rest }: Manifest) => ({
      ...rest,
      metadata,
    });
    expect(objects(mode).map(strip)).toEqual(objects('none').map(strip));
    // A Job that deletes itself is missing for whoever compares with git, and would be made again.
    expect(only(objects(mode), 'Job').spec.ttlSecondsAfterFinished).toBeUndefined();
  });
});

test('argocd: the deployment hears of the images after the Job, and the Job has all that it needs', () => {
  const waves = objects('argocd').map((object) => [
    Number(annotation(object, 'argocd.argoproj.io/sync-wave')),
    object.kind,
    object.metadata.name.replace(/[0-9a-f]{10}/, 'HASH'),
  ]);
  expect(waves.sort(([a], [b]) => Number(a) - Number(b))).toEqual([
    [-2, 'Namespace', 'ess-mirror'],
    [-1, 'ExternalSecret', 'pull'],
    [-1, 'ExternalSecret', 'push'],
    [-1, 'ConfigMap', 'ess-mirror-plan-HASH'],
    [-1, 'ServiceAccount', 'ess-mirror'],
    [-1, 'ConfigMap', 'ess-mirror-script-HASH'],
    [-1, 'NetworkPolicy', 'ess-mirror'],
    [0, 'Job', 'ess-mirror-HASH'],
    [1, 'ConfigMap', 'ess-images-digests'],
  ]);
});

test('flux: nothing is substituted, in whatever holds variables', () => {
  const made = objects('flux');
  expect(made.map((object) => annotation(object, 'kustomize.toolkit.fluxcd.io/substitute'))).toEqual(
    made.map(() => 'disabled'),
  );
  // Else this test would prove little.
  expect(JSON.stringify(made)).toContain('${');
});

test('none: no annotation of any tool', () => {
  expect(JSON.stringify(objects('none'))).not.toMatch(/argoproj|fluxcd/);
});
