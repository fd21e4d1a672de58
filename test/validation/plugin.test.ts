import { afterAll, expect, test } from 'vitest';
import { Project } from '../support/project.ts';

// The plugin in the hands of cdk8s: over this repository's own app, and over that of somebody else.

const made = new Project();
afterAll(() => made.remove());
made.run('git init -q');

const foreign = `apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Secret
    metadata: { name: login }
    stringData: { password: hunter2-secret }
  - apiVersion: v1
    kind: Pod
    metadata: { name: Web }
    spec: { containers: [{ name: web, image: docker.io/library/nginx:1 }] }
---
`;
made.write(
  'foreign/app.cjs',
  `require('fs').mkdirSync(process.env.CDK8S_OUTDIR, { recursive: true });
require('fs').writeFileSync(process.env.CDK8S_OUTDIR + '/web.k8s.yaml', require('fs').readFileSync('web.yaml'));
`,
);
made.write('foreign/web.yaml', foreign);
made.write(
  'foreign/cdk8s.yaml',
  'language: typescript\napp: node app.cjs\nvalidations:\n  - { package: ./validation.cjs, version: 0.1.0, class: ManifestValidation }\n',
);
const bundle =
  'node_modules/.bin/esbuild lib/validation/index.ts --bundle --platform=node --log-level=warning --outfile=foreign/validation.cjs';
expect(made.run(bundle).status).toBe(0);
const synth = 'cd foreign && ../node_modules/.bin/cdk8s synth';

test("this repository's own manifests break none, as the plugin sees them", () => {
  made.write(
    'cdk8s.yaml',
    `${made.read('cdk8s.yaml')}validations:\n  - { package: ./foreign/validation.cjs, version: 0.1.0, class: ManifestValidation }\n`,
  );
  const run = made.run('set -a && . ./demo.env && npx cdk8s synth');
  expect(run.status).toBe(0);
  expect(run.stdout).toMatch(/Status\s+│ success/);
  expect(run.stdout).toMatch(/Objects\s+│ 9/);
});

test("another app's manifests: every rule that they break, by place, and no value of a Secret", () => {
  const run = made.run(synth);
  expect(run.status).toBe(2);
  for (const said of [
    'no-plain-secret (1 occurrences)',
    'stringData.password',
    'image-pinned (1 occurrences)',
    'spec.containers[0].image',
    'pod-security-restricted',
    'spec.containers[0].securityContext.capabilities.drop: expected ALL',
    'legal-names (1 occurrences)',
    'Resource Name: Pod/Web',
    'Manifest Path: dist/web.k8s.yaml',
  ]) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the report is coloured
    expect(run.stdout.replace(/\u001b\[\d+m/g, '')).toContain(said);
  }
  expect(run.stdout + run.stderr).not.toContain('hunter2');
});

test('a Secret in a file that git ignores is let pass', () => {
  made.write(
    'foreign/web.yaml',
    'apiVersion: v1\nkind: Secret\nmetadata: { name: a }\nstringData: { b: hunter2 }\n',
  );
  expect(made.run(synth).status).toBe(2);
  made.write('foreign/.gitignore', 'dist/\n');
  expect(made.run(synth).status).toBe(0);
});
