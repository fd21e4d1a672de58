import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { afterAll, describe, expect, test } from 'vitest';
import { kubernetesProblems } from './support/kubernetes-schema.ts';
import { restrictedProblems } from './support/pod-security.ts';
import { divide } from './support/project.ts';
import type { Manifest } from './support/synth.ts';

const examples = readdirSync('examples', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join('examples', entry.name, 'airgap.yaml')))
  .map(({ name }) => name);
const outdir = mkdtempSync(join(tmpdir(), 'ess-airgap-examples-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

const demo = Object.fromEntries(
  [...readFileSync('demo.env', 'utf8').matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [
    name,
    value,
  ]),
);
const parse = (text: string) => (loadAll(text) as Manifest[]).filter(Boolean);
const files = (folder: string): Record<string, string> =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
const byName = (manifests: readonly Manifest[]) =>
  manifests
    .map((manifest) => ({
      name: `${manifest.kind} ${manifest.metadata.namespace}/${manifest.metadata.name}`,
      manifest,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));

function kustomize(folder: string): Manifest[] {
  const args = ['kustomize', '--load-restrictor', 'LoadRestrictionsNone', folder];
  const { status, stdout, stderr } = spawnSync('kubectl', args, { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return parse(stdout);
}

test('each has a line in the README', () => {
  const readme = readFileSync('examples/README.md', 'utf8');
  const rows = [...readme.matchAll(/^\| \[([a-z-]+)\]/gm)].map(([, name]) => name);
  expect(rows.sort()).toEqual([...examples, 'own-constructs', 'several-clusters'].sort());
});

describe.each(examples)('examples/%s', (example) => {
  const folder = join('examples', example);
  const out = join(outdir, example);
  const env = {
    ...demo,
    PATH: process.env.PATH,
    ESS_AIRGAP_CONFIG: join(folder, 'airgap.yaml'),
    CDK8S_OUTDIR: out,
  };
  const run = spawnSync('sh', ['app.sh'], { encoding: 'utf8', env });
  const { secrets, committed } = divide(run.status === 0 ? files(out) : {});
  const objects = Object.entries(committed).flatMap(([name, text]) =>
    name.endsWith('.yaml') ? parse(text) : [],
  );

  test('dist/ is what synth writes (npm run examples writes it anew)', () => {
    expect(run.stderr).not.toContain('warning:');
    expect(run.status).toBe(0);
    expect(divide(files(join(folder, 'dist'))).committed).toEqual(committed);
    expect(secrets.length > 0).toBe(['kubectl', 'sops'].includes(example));
  });

  test('Kubernetes accepts every object', () => {
    const schemas = {
      'external-secrets.io/v1/ExternalSecret': { type: 'object' },
      'bitnami.com/v1alpha1/SealedSecret': { type: 'object' },
    };
    expect(objects.flatMap((object) => kubernetesProblems(object, schemas))).toEqual([]);
    expect(objects.flatMap(restrictedProblems)).toEqual([]);
  });

  test('kubectl kustomize builds all of it', () => {
    const folders = existsSync(join(folder, 'kustomization.yaml'))
      ? [folder]
      : [join(folder, 'mirror'), join(folder, 'images')];
    expect(byName(folders.flatMap(kustomize))).toEqual(byName(objects));
  });
});

test('Argo CD and Flux are pointed at folders that are there', () => {
  const [application] = parse(readFileSync('examples/argocd/application.yaml', 'utf8'));
  expect(existsSync(join(application?.spec.source.path, 'kustomization.yaml'))).toBe(true);
  const sync = parse(readFileSync('examples/flux/sync.yaml', 'utf8'));
  const paths = sync.filter(({ kind }) => kind === 'Kustomization').map(({ spec }) => spec.path);
  expect(paths.map((path) => existsSync(join(path, 'kustomization.yaml')))).toEqual([true, true]);
});

test('examples/ess-helm: the HelmRelease gets the chart and the override of the plan, after the values of the user', () => {
  const folder = 'examples/ess-helm';
  const sync = parse(readFileSync(join(folder, 'sync.yaml'), 'utf8'));
  const paths = sync.filter(({ kind }) => kind === 'Kustomization').map(({ spec }) => spec.path);
  expect(paths.map((path) => existsSync(join(path, 'kustomization.yaml')))).toEqual([true, true, true]);
  const built = kustomize(join(folder, 'release'));
  const one = (kind: string) => built.find((object) => object.kind === kind);
  const lock = readFileSync(join(folder, 'images_digests.yml'), 'utf8');
  expect(lock).toContain(`@${one('OCIRepository')?.spec.ref.digest}`);
  const override = parse(readFileSync(join(folder, 'dist/ess-images.k8s.yaml'), 'utf8')).find(
    ({ kind }) => kind === 'ConfigMap',
  );
  expect(one('HelmRelease')?.spec.valuesFrom.map(({ name }: { name: string }) => name)).toEqual([
    one('ConfigMap')?.metadata.name,
    override?.metadata.name,
  ]);
  expect(one('HelmRelease')?.spec).not.toHaveProperty('values');
  const mirror = readFileSync(join(folder, 'dist/ess-mirror.k8s.yaml'), 'utf8');
  expect(mirror).toContain(`${one('OCIRepository')?.spec.url.replace('oci://', '')}:26.8.0`);
});

test('examples/own-constructs is an app by itself', () => {
  const out = join(outdir, 'own-constructs');
  const bundle = join('.synth', 'own-constructs.cjs');
  const build = ['examples/own-constructs/main.ts', '--bundle', '--platform=node', '--loader:.sh=text'];
  const external = [
    '--external:cdk8s',
    '--external:constructs',
    `--outfile=${bundle}`,
    '--log-level=warning',
  ];
  expect(spawnSync('node_modules/.bin/esbuild', [...build, ...external], { encoding: 'utf8' }).stderr).toBe(
    '',
  );
  const run = spawnSync('node', [bundle], {
    encoding: 'utf8',
    env: { ...demo, PATH: process.env.PATH, CDK8S_OUTDIR: out },
  });
  expect(run.stderr).toBe('');
  const charts = files(out);
  expect(Object.keys(charts)).toEqual([
    'ess-images.k8s.yaml',
    'ess-mirror.k8s.yaml',
    'mirror-ess-secrets.k8s.yaml',
    'pull-ess-secrets.k8s.yaml',
    'registry-tools.k8s.yaml',
  ]);
  const objects = Object.values(charts).flatMap(parse);
  const [copy, verify] = objects.filter(({ kind }) => kind === 'Job');
  expect(copy?.spec.template.spec.affinity.podAntiAffinity).toBeTypeOf('object');
  expect(verify?.metadata).toMatchObject({
    name: expect.stringMatching(/^ess-mirror-verify-/),
    namespace: 'registry-tools',
  });
  expect(new Set(objects.map(({ metadata }) => metadata.labels?.team))).toEqual(new Set(['chat']));
  expect(objects.flatMap((object) => [...kubernetesProblems(object), ...restrictedProblems(object)])).toEqual(
    [],
  );
});

test('examples/several-clusters: each cluster has files of its own, and they are what synth writes', () => {
  const folder = 'examples/several-clusters';
  const out = join(outdir, 'several-clusters');
  const configs = ['staging', 'production'].map((name) => join(folder, `${name}.yaml`)).join(',');
  const env = { PATH: process.env.PATH, ESS_AIRGAP_CONFIG: configs, CDK8S_OUTDIR: out };
  const run = spawnSync('sh', ['app.sh'], { encoding: 'utf8', env });
  expect(run.stderr).not.toMatch(/(warning|error):/);
  expect(files(out)).toEqual(files(join(folder, 'dist')));
  for (const cluster of ['staging', 'production']) {
    const texts = Object.entries(files(out)).filter(([name]) => name.startsWith(cluster));
    expect(texts).toHaveLength(2);
    const objects = texts.flatMap(([, text]) => parse(text));
    expect(
      objects.flatMap((object) => [...kubernetesProblems(object), ...restrictedProblems(object)]),
    ).toEqual([]);
    const other = cluster === 'staging' ? 'production' : 'staging';
    expect(JSON.stringify(objects)).not.toContain(`registry.${other}.example.org`);
  }
});
