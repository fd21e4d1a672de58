import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiObject, App, Chart, JsonPatch, Testing } from 'cdk8s';
import { afterAll, describe, expect, test } from 'vitest';
import {
  type ConfigInput,
  DigestsConfigMap,
  defineConfig,
  EssAirgap,
  InputError,
  loadProject,
  MirrorJob,
  makePlan,
} from '../lib/index.ts';
import { containers, digestOf } from './support/digests.ts';
import { type Manifest, only } from './support/synth.ts';

// The construct in an app of the user's own: adding it is enough.

const dir = mkdtempSync(join(tmpdir(), 'ess-airgap-construct-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
file('images_digests.yml', readFileSync('images_digests.yml', 'utf8'));
const least = 'apiVersion: ess-airgap/v1\nregistry: { server: localregistry.local }\n';
const image = `quay.io/skopeo/stable@${digestOf('b')}`;
const env = { USER: 'robot', PASSWORD: 'hunter2-secret' };
const pullSecret = { name: 'pull', source: 'env', usernameEnv: 'USER', passwordEnv: 'PASSWORD' } as const;

const newApp = (): App => new App({ outdir: join(dir, 'out') });
const written = (): string[] => {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.k8s.yaml'));
};
function errorOf(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was accepted');
}
const planned = (input: Partial<ConfigInput> = {}) => {
  const config = defineConfig({
    apiVersion: 'ess-airgap/v1',
    registry: { server: 'localregistry.local' },
    ...input,
  });
  return { config, plan: makePlan(containers({ 'web/web': `docker.io/a/web:v1@${digestOf('a')}` }), config) };
};

describe('an app with it does not synthesise, and writes nothing,', () => {
  test.each([
    ['with an unknown key', file('key.yaml', `${least}pn: tag\n`), /key\.yaml:3:1: error: unknown key "pn"/],
    [
      'with a plan that has an error',
      file('none.yaml', `${least}exclude: ['*']\n`),
      /\[nothing-overridden\]/,
    ],
    [
      'with a release file that is not there',
      file('gone.yaml', `${least}digests: gone.yml\n`),
      /gone\.yml:1:1/,
    ],
    [
      'with a missing credential',
      file('unset.yaml', `${least}pullSecret: { name: pull, source: env, passwordEnv: NOWHERE }\n`),
      /NOWHERE, for localregistry\.local, is not set/,
    ],
    [
      'without a configuration',
      join(dir, 'nowhere.yaml'),
      /nowhere\.yaml:1:1: error: the file does not exist/,
    ],
  ])('%s', (_, config, message) => {
    const app = newApp();
    new EssAirgap(app, 'ess', { config });
    new ApiObject(new Chart(app, 'mine'), 'object', { apiVersion: 'v1', kind: 'ConfigMap' });
    const error = errorOf(() => app.synth());
    expect(error.message).toContain('Validation failed');
    expect(error.message).toMatch(message);
    expect(written()).toEqual([]);
  });

  test('with the problems of all deployments at once', () => {
    const app = newApp();
    new EssAirgap(app, 'a', { config: file('a.yaml', `${least}name: a\nexclude: ['*']\n${missing('A')}`) });
    new EssAirgap(app, 'b', { config: file('b.yaml', `${least}name: b\nexclud: []\n`) });
    const { message } = errorOf(() => app.synth());
    for (const said of ['[nothing-overridden]', 'A_PASSWORD', 'unknown key "exclud"'])
      expect(message).toContain(said);
  });

  test('nor one with its parts alone, which say so once', () => {
    const app = newApp();
    const { plan } = planned({ exclude: ['*'] });
    const chart = new Chart(app, 'mine');
    new DigestsConfigMap(chart, 'digests', { plan });
    new MirrorJob(chart, 'mirror', { plan, image });
    const { message } = errorOf(() => app.synth());
    expect(message.match(/\[nothing-overridden\]/g)).toHaveLength(1);
    expect(written()).toEqual([]);
  });

  test('with two of one name, which would write the same files', () => {
    const app = newApp();
    for (const name of ['one.yaml', 'two.yaml'])
      new EssAirgap(app, name, { config: file(name, `${least}name: staging\n`) });
    const { message } = errorOf(() => app.synth());
    expect(message).toMatch(/one\.yaml and \S+two\.yaml have the same name \(staging/);
  });

  test('with a password in a chart of the user’s own', () => {
    const app = newApp();
    new EssAirgap(app, 'ess', { ...planned({ pullSecret }), environment: env });
    const data = { a: env.PASSWORD };
    new ApiObject(new Chart(app, 'mine'), 'object', { apiVersion: 'v1', kind: 'ConfigMap', data });
    expect(errorOf(() => app.synth()).message).toContain('[credential-leaked]');
    expect(written()).toEqual([]);
  });
});

function missing(prefix: string): string {
  return `pullSecret: { name: pull, source: env, usernameEnv: ${prefix}_USER, passwordEnv: ${prefix}_PASSWORD }\n`;
}

describe('its parts', () => {
  test('are there to be patched', () => {
    const app = newApp();
    const ess = new EssAirgap(app, 'ess', planned({ mirror: { image } }));
    expect(ess.charts.map(({ node }) => node.id)).toEqual(['ess-images', 'ess-mirror']);
    expect(ess.plan.overrides).toHaveLength(1);
    expect(ess.config.namespace).toBe('element-onprem');
    expect(ess.digestsConfigMap && ApiObject.of(ess.digestsConfigMap).name).toBe('ess-images-digests');
    const job = ess.mirrorJob;
    if (!job) throw new Error('there is no Job');
    const before = job.name;
    ApiObject.of(job).addJsonPatch(JsonPatch.add('/spec/suspend', true));
    expect(job.name).not.toBe(before);
    const [, mirror] = ess.charts.map((chart) => Testing.synth(chart) as Manifest[]);
    expect(only(mirror ?? [], 'Job')).toMatchObject({
      metadata: { name: job.name },
      spec: { suspend: true },
    });
  });

  test('carry the labels that it is given, also in the pods', () => {
    const ess = new EssAirgap(newApp(), 'ess', {
      ...planned({ mirror: { image } }),
      labels: { team: 'chat' },
    });
    const objects = ess.charts.flatMap((chart) => Testing.synth(chart) as Manifest[]);
    expect(new Set(objects.map(({ metadata }) => metadata.labels?.team))).toEqual(new Set(['chat']));
    expect(only(objects, 'Job').spec.template.metadata.labels.team).toBe('chat');
  });

  test('are missing where the input cannot be read, and asking for them says why', () => {
    const ess = new EssAirgap(newApp(), 'ess', { config: file('bad.yaml', `${least}pn: tag\n`) });
    for (const ask of [() => ess.plan, () => ess.charts, () => ess.mirrorJob, () => ess.digestsConfigMap]) {
      expect(errorOf(ask)).toBeInstanceOf(InputError);
      expect(errorOf(ask).message).toContain('unknown key "pn"');
    }
  });

  test('are the same from a path, from a project and from TypeScript', () => {
    const path = file('same.yaml', `${least}mirror: { image: "${image}" }\n`);
    const project = loadProject(path);
    const synth = (props: ConstructorParameters<typeof EssAirgap>[2]) =>
      new EssAirgap(newApp(), 'ess', props).charts.map((chart) => Testing.synth(chart));
    const fromTypescript = defineConfig({
      apiVersion: 'ess-airgap/v1',
      registry: { server: 'localregistry.local' },
      mirror: { image },
      digests: join(dir, 'images_digests.yml'),
    });
    expect(synth({ config: path })).toEqual(synth(project));
    expect(synth({ config: fromTypescript })).toEqual(synth(project));
  });
});
