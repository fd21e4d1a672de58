import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ApiObject, App, type AppProps, Chart, YamlOutputType } from 'cdk8s';
import { Construct } from 'constructs';
import { describe, expect, test } from 'vitest';
import { RegistrySecret } from '../../lib/index.ts';
import { folder } from '../support/cli.ts';

// An app that would write a plain Secret of ours to a file that git commits does not synthesise, however the app
// divides its objects into files.

const logins = [{ server: 'a.b', username: 'u', password: 'hunter2-secret' }];

/** An app that writes to dist/ of a new git repository, with a Secret in the chart "mine" or below. */
function appWith(props: AppProps, ignored: string, add: (app: App) => void): App {
  const dir = folder({ '.gitignore': ignored });
  spawnSync('git', ['init', '-q'], { cwd: dir });
  const app = new App({ outdir: join(dir, 'dist'), ...props });
  add(app);
  return app;
}

function addSecret(app: App): void {
  const chart = new Chart(app, 'mine');
  new ApiObject(chart, 'other', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other' } });
  new RegistrySecret(chart, 'secret', { name: 'pull', component: 'pull', logins });
}

/** In a construct, and in a chart that depends on another. */
function addNested(app: App): void {
  const other = new Chart(app, 'other');
  new ApiObject(other, 'other', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other' } });
  const chart = new Chart(new Construct(app, 'team'), 'mine');
  new RegistrySecret(chart, 'secret', { name: 'pull', component: 'pull', logins });
  chart.addDependency(other);
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((file) =>
    statSync(join(dir, file)).isFile(),
  );
}

const types: [string, AppProps][] = [
  ['a file per chart', { yamlOutputType: YamlOutputType.FILE_PER_CHART }],
  ['a file per app', { yamlOutputType: YamlOutputType.FILE_PER_APP }],
  ['a file per resource', { yamlOutputType: YamlOutputType.FILE_PER_RESOURCE }],
  ['a folder per chart', { yamlOutputType: YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE }],
  ['another extension', { outputFileExtension: '.yaml' }],
];

describe.each(types)('%s', (_, props) => {
  test.each([
    ['a chart', addSecret],
    ['a nested chart that depends on another', addNested],
  ])('%s', (_, add) => {
    const app = appWith(props, '*ess-secrets.k8s.yaml\n', add);
    const [problem, ...others] = problemsOf(app);
    expect(problem).toMatch(
      /^error: .* would have plain Secrets, but git does not ignore it \[secrets-not-ignored\]/,
    );
    expect(() => app.synth()).toThrow('[secrets-not-ignored]');
    expect(filesBelow(app.outdir)).toEqual([]);

    // With what the message says, and nothing else, ignored, it synthesises, and no other file has the password.
    const lines = [problem ?? '', ...others].map(
      (text) => /^ {4}Add the line (\S+) to/m.exec(text)?.[1] ?? '',
    );
    const relative = lines.map((line) => line.replace(/^.*\/dist\//, 'dist/'));
    const again = appWith(props, relative.join('\n'), add);
    again.synth();
    const secret = Buffer.from('hunter2-secret').toString('base64').slice(0, 12);
    const held = filesBelow(again.outdir).filter((file) => {
      const text = readFileSync(join(again.outdir, file), 'utf8');
      return (
        Buffer.from(text.replace(/.*dockerconfigjson: /s, ''), 'base64').includes('hunter2') ||
        text.includes(secret)
      );
    });
    expect(held).toHaveLength(1);
    const { status } = spawnSync('git', ['check-ignore', '--quiet', ...held], { cwd: again.outdir });
    expect(status).toBe(0);
  });
});

function problemsOf(app: App): string[] {
  return app.node.findAll().flatMap(({ node }) => node.validate());
}

test('several Secrets of one app are reported once per file', () => {
  const app = appWith({}, '', (it) => {
    const chart = new Chart(it, 'mine');
    for (const name of ['a', 'b']) new RegistrySecret(chart, name, { name, component: 'pull', logins });
    new RegistrySecret(new Chart(it, 'ess-secrets'), 'c', { name: 'c', component: 'pull', logins });
  });
  const problems = problemsOf(app);
  expect(problems.map((text) => /dist\/(\S+) is to/.exec(text)?.[1])).toEqual([
    'mine.k8s.yaml',
    'ess-secrets.k8s.yaml',
  ]);
  expect(problems[1]).toContain('Add the line *ess-secrets.k8s.yaml to .gitignore.');
});

test('outside of a git work tree nothing is refused', () => {
  const app = new App({ outdir: join(folder(), 'dist') });
  addSecret(app);
  expect(problemsOf(app)).toEqual([]);
});
