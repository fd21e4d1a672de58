import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type ConfigInput, defineConfig, makePlan, type Plan } from '../../lib/index.ts';
import { formatSteps, nextSteps, type Written } from '../../lib/synth/next-steps.ts';
import { containers, digestOf } from '../support/digests.ts';

const dir = mkdtempSync(join(tmpdir(), 'ess-airgap-next-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const image = `quay.io/skopeo/stable@${digestOf('b')}`;
const files = {
  images: 'dist/ess-images.k8s.yaml',
  mirror: 'dist/ess-mirror.k8s.yaml',
  secrets: 'dist/s.yaml',
};
type Input = Partial<Omit<ConfigInput, 'registry'>> & { registry?: Partial<ConfigInput['registry']> };

function steps(input: Input = {}, change: { large?: boolean; shared?: boolean } = {}): string {
  const config = defineConfig({
    apiVersion: 'ess-airgap/v1',
    ...input,
    registry: { server: 'localregistry.local', ...input.registry },
  });
  const made = makePlan(
    containers({
      'web/web': `docker.io/a/web:v1@${digestOf('a')}`,
      'db/db': `docker.io/a/db:v1@${digestOf('c')}`,
    }),
    config,
  );
  const large = { code: 'config-map-large', severity: 'warning', message: '' } as const;
  const plan: Plan = change.large ? { ...made, findings: [...made.findings, large] } : made;
  const written: Written = {
    images: files.images,
    ...(config.guard.mode !== 'off' && { guard: 'dist/ess-guard.k8s.yaml' }),
    ...(config.mirror && { mirror: { file: files.mirror, job: 'ess-mirror-0123456789' } }),
    secrets: {
      mirror: config.mirror && change.shared ? [files.secrets] : [],
      nodes: change.shared ? [files.secrets] : [],
    },
    ...(config.name && { config: `${config.name}.yaml` }),
  };
  return formatSteps(nextSteps(plan, config, written)).join('\n');
}

const commandsOf = (text: string): string[] =>
  text.split('\n').flatMap((line) => /^ {7}(\S.*)$/.exec(line)?.[1] ?? []);

test('the admission policy comes after the images and before the ConfigMap, whatever brings the images', () => {
  for (const input of [{ mirror: { image } }, {}, { registry: { pullThrough: true } }]) {
    const commands = commandsOf(steps({ ...input, guard: { mode: 'enforce' } }));
    expect(commands.at(-2)).toBe('kubectl apply -f dist/ess-guard.k8s.yaml');
    expect(commands.at(-1)).toBe('kubectl apply -f dist/ess-images.k8s.yaml');
  }
  for (const gitops of ['argocd', 'flux'] as const)
    expect(steps({ mirror: { image }, gitops, guard: { mode: 'audit' } })).toContain(
      'dist/ess-guard.k8s.yaml is cluster-scoped',
    );
});

test('with a Job: mirror, wait, check, and only then the ConfigMap', () => {
  expect(steps({ mirror: { image } }, { shared: true })).toBe(
    `  1. Review the files.
  2. Copy the images, and wait until the Job ends:
       kubectl apply -f dist/ess-mirror.k8s.yaml -f dist/s.yaml
       kubectl -n ess-mirror wait job/ess-mirror-0123456789 --for=jsonpath='{.status.conditions[0].status}'=True --timeout=24h
  3. Check that it succeeded: COMPLETIONS must be 1/1.
       kubectl -n ess-mirror get job/ess-mirror-0123456789
     If it failed, read the log, fix the cause, delete the Job and repeat the step before:
       kubectl -n ess-mirror logs -l batch.kubernetes.io/job-name=ess-mirror-0123456789 --tail=-1 --prefix --max-log-requests=4
       kubectl -n ess-mirror delete job/ess-mirror-0123456789
  4. Then let ESS use them; the namespace element-onprem must exist:
       kubectl apply -f dist/ess-images.k8s.yaml
  5. In the ElementDeployment, set spec.global.config.imagesDigestsConfigMap: ess-images-digests
  6. Install or upgrade ESS.`,
  );
});

describe('what fits the configuration', () => {
  test.each<[string, string, string, string | undefined]>([
    ['shards', steps({ mirror: { image, shards: 6 } }), 'COMPLETIONS must be 6/6', undefined],
    ['shards', steps({ mirror: { image, shards: 6 } }), '--max-log-requests=24', undefined],
    ['deadline', steps({ mirror: { image, activeDeadlineSeconds: 90 } }), '--timeout=90s', '24h'],
    ['verify', steps({ mirror: { image, mode: 'verify' } }), 'check that the registry has every', 'Copy the'],
    [
      'pull-through',
      steps({ registry: { pullThrough: true } }),
      `apply -f ${files.images}`,
      'ess-airgap mirror',
    ],
    ['no Job', steps(), 'ess-airgap mirror', 'kubectl -n'],
    ['no Job, another file', steps({ name: 'prod' }), 'ess-airgap verify --config prod.yaml', undefined],
    ['a large ConfigMap', steps({}, { large: true }), `apply --server-side -f ${files.images}`, undefined],
    ['another', steps(), `apply -f ${files.images}`, '--server-side'],
    ['a cluster', steps({ name: 'a', cluster: 'prod' }), 'Point kubectl at the cluster prod.', undefined],
    ['argocd', steps({ gitops: 'argocd', mirror: { image } }), 'once its Job has succeeded', 'kubectl apply'],
    ['argocd', steps({ gitops: 'argocd' }, { large: true }), 'ServerSideApply=true', '--server-side'],
    [
      'argocd',
      steps({ gitops: 'argocd' }, { shared: true }),
      `kubectl apply -f ${files.secrets}`,
      files.images,
    ],
    ['flux', steps({ gitops: 'flux', mirror: { image } }), 'depends on that of the mirror', 'kubectl apply'],
    ['copyOnly', steps({ copyOnly: ['db'] }), 'leaves 1 container alone: see ess-airgap wiring.', undefined],
    ['exclude', steps({ exclude: ['web'], name: 'a' }), 'see ess-airgap wiring --config a.yaml.', undefined],
  ])('%s', (_, text, present, absent) => {
    expect(text).toContain(present);
    if (absent) expect(text).not.toContain(absent);
  });
});

test('whatever is configured, the ConfigMap comes after the images', () => {
  const input = fc.record({
    gitops: fc.constantFrom('none', 'argocd', 'flux'),
    namespace: fc.constantFrom('element-onprem', 'ess-mirror'),
    mirror: fc.option(fc.record({ image: fc.constant(image), shards: fc.integer({ min: 1, max: 100 }) }), {
      nil: undefined,
    }),
  });
  fc.assert(
    fc.property(input, fc.boolean(), fc.boolean(), (config, large, shared) => {
      const commands = commandsOf(steps(config as Input, { large, shared }));
      const position = (part: string) => commands.findIndex((command) => command.includes(part));
      const images = position(files.images);
      expect(images >= 0).toBe(config.gitops === 'none');
      if (images < 0) return;
      expect(images).toBe(commands.length - 1);
      // No command that applies the ConfigMap applies anything else.
      expect(commands[images]?.match(/ -f /g)).toHaveLength(1);
      if (config.mirror) expect(position(' wait ')).toBeGreaterThan(position(files.mirror));
    }),
  );
});

test('kubectl understands every command', () => {
  const kubeconfig = join(dir, 'config');
  // Nobody listens there: a command that is understood says so, one that is not says what is wrong with it.
  writeFileSync(
    kubeconfig,
    'apiVersion: v1\nkind: Config\nclusters: [{name: a, cluster: {server: "http://127.0.0.1:1"}}]\n' +
      'contexts: [{name: a, context: {cluster: a, user: a}}]\nusers: [{name: a, user: {}}]\ncurrent-context: a\n',
  );
  const texts = [
    steps({ mirror: { image, shards: 3 } }),
    steps({}, { large: true }),
    steps({ gitops: 'flux', mirror: { image } }),
  ];
  const commands = [...new Set(texts.flatMap(commandsOf))].filter((line) => line.startsWith('kubectl'));
  expect(commands.length).toBeGreaterThan(6);
  for (const command of commands) {
    const run = spawnSync('sh', ['-c', command], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: dir, KUBECONFIG: kubeconfig },
    });
    expect(run.stderr, command).toMatch(/refused/);
  }
});
