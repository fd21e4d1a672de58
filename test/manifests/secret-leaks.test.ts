import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Chart, JsonPatch, Testing } from 'cdk8s';
import { describe, expect, test } from 'vitest';
import { type Config, DigestsConfigMap, EssAirgap, findLeaks, makePlan, type Plan } from '../../lib/index.ts';
import { addObject } from '../../lib/manifests/object.ts';
import { formatFinding } from '../../lib/plan/finding.ts';
import { CHART, lockedRelease } from '../support/chart.ts';
import { configWith, containers, digestOf } from '../support/digests.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const secret = { from: 'the value of REGISTRY_PASSWORD', password: 'hunter2"secret<é' };

/** What the secret leak check says about a chart with one object. */
function said(name: string, fields: object, known = secret): string {
  const chart = new Chart(new App(), 'chart');
  addObject(chart, 'object', 'ConfigMap', { name }, { apiVersion: 'v1', ...fields });
  return findLeaks([chart], [known]).map(formatFinding).join('\n');
}

describe('the secret leak check', () => {
  test('names the object and the field, and never the password', () => {
    const message = said('plan', { data: { text: `before ${base64(secret.password)}` } });
    expect(message).toContain(
      'error: the value of REGISTRY_PASSWORD is in the field data.text of the ConfigMap plan, in a file that git does not ignore [credential-leaked]',
    );
    expect(message).not.toContain('hunter2');
  });

  test('looks at the names of charts, which are names of files', () => {
    const chart = new Chart(new App(), 'hunter2-secret');
    const [finding] = findLeaks([chart], [{ from: 'the value of P', password: 'hunter2-secret' }]);
    expect(finding?.message).toBe(
      'the value of P is in the field name of the chart, in a file that git does not ignore',
    );
  });

  test('a label, an annotation, a key, the name, an argument and an environment value', () => {
    const word = { from: 'the value of P', password: 'hunter2-secret' };
    const places: [string, string, object][] = [
      ['metadata.labels.a', 'x', { metadata: { name: 'x', labels: { a: word.password } } }],
      ['metadata.annotations.a', 'x', { metadata: { name: 'x', annotations: { a: word.password } } }],
      ['data (a key below it)', 'x', { data: { [word.password]: '' } }],
      ['metadata.name', word.password, {}],
      ['spec.containers.0.args.1', 'x', { spec: { containers: [{ args: ['-p', word.password] }] } }],
      [
        'spec.containers.0.env.0.value',
        'x',
        { spec: { containers: [{ env: [{ name: 'A', value: word.password }] }] } },
      ],
    ];
    for (const [field, name, fields] of places) {
      const message = said(name, fields, word);
      expect(message).toContain(`field ${field} of the ConfigMap`);
      expect(message).not.toContain('hunter2');
    }
  });

  test('a short password is not found in innocent words, only as a whole value', () => {
    const short = { from: 'the value of P', password: 'web' };
    const plan = makePlan(
      containers({ 'web/web': `docker.io/a/web:v1@${digestOf('a')}` }),
      configWith({ registry: { path: 'web' } }),
    );
    const chart = new Chart(new App(), 'chart');
    new DigestsConfigMap(chart, 'digests', { plan, namespace: 'element-onprem' });
    expect(findLeaks([chart], [short])).toEqual([]);
    expect(said('plan', { data: { text: 'web' } }, short)).toContain('[credential-leaked]');
    expect(said('plan', { data: { text: base64('web') } }, short)).toContain('[credential-leaked]');
  });

  test('other charts of the app are searched when it is synthesised', () => {
    const app = new App({ outdir: mkdtempSync(join(tmpdir(), 'ess-airgap-')) });
    const config = configWith({
      pullSecret: { name: 'pull', source: 'env', usernameEnv: 'USER', passwordEnv: 'PASSWORD' },
    });
    const plan = makePlan(containers({ 'web/web': `docker.io/a/web:v1@${digestOf('a')}` }), config);
    const environment = { USER: 'robot', PASSWORD: 'hunter2-secret' };
    new EssAirgap(app, 'ess', { config, plan, environment });
    const problems = () => app.node.findAll().flatMap(({ node }) => node.validate());
    expect(problems()).toEqual([]);
    const mine = new Chart(app, 'mine');
    const object = addObject(
      mine,
      'object',
      'ConfigMap',
      { name: 'mine' },
      { apiVersion: 'v1', data: { a: 'hunter2-secret' } },
    );
    const leak = 'the value of PASSWORD is in the field data.a of the ConfigMap mine';
    const problem = expect.stringContaining(`${leak}, in a file that git does not ignore`);
    expect(problems()).toEqual([problem]);
    expect(() => app.synth()).toThrow(leak);
    expect(readdirSync(app.outdir)).toEqual([]);
    // What was searched once is searched again when it has changed.
    object.addJsonPatch(JsonPatch.replace('/data/a', 'innocent'));
    expect(problems()).toEqual([]);
    object.addJsonPatch(JsonPatch.replace('/data/a', 'hunter2-secret'));
    expect(problems()).toEqual([problem]);
    rmSync(app.outdir, { recursive: true });
  });
});

test('what is written beside manifests is searched too', () => {
  const environment = { USER: 'robot', PASSWORD: 'hunter2-secret' };
  const pullSecret = { name: 'pull', source: 'env', usernameEnv: 'USER', passwordEnv: 'PASSWORD' } as const;
  const messages = (config: Config, plan: Plan) =>
    new EssAirgap(Testing.app(), 'ess', { config, plan, environment })
      .problems()
      .map(({ message }) => message);

  const helm = configWith({ pullSecret, registry: { path: 'hunter2-secret' } });
  const { images, info } = lockedRelease(readFileSync(`${CHART}/values.yaml`, 'utf8'));
  const found = messages(helm, makePlan(images, helm, undefined, { info, values: [] }));
  expect(found.join('\n')).toMatch(
    /the value of PASSWORD is in the field text of the file ess-images\.values, in a/,
  );

  const named = configWith({ pullSecret, digests: 'hunter2-secret.yml' });
  const plan = makePlan(containers({ 'web/web': `docker.io/a/web:v1@${digestOf('a')}` }), named);
  expect(messages(named, plan)).toEqual([
    'the value of PASSWORD is in the field digests of the comment in front of each file, in a file that git does not ignore',
  ]);
  expect(found.join()).not.toContain('hunter2');
});
