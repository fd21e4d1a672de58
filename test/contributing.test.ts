import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { Project } from './support/project.ts';

// What CONTRIBUTING says about adding things, followed to the letter in a copy of the repository.

const project = new Project();
afterAll(() => project.remove());

function edit(path: string, before: string | RegExp, after: string, of = project): void {
  const text = of.read(path);
  const edited = text.replace(before, after);
  expect(edited, `${path} has no place for it`).not.toBe(text);
  of.write(path, edited);
}

test('a finding and a registry profile are a line here and a line there', () => {
  const page = readFileSync('CONTRIBUTING.md', 'utf8');
  for (const path of [
    'lib/plan/finding.ts',
    'lib/plan/checks/index.ts',
    'docs/findings.md',
    'lib/config/schema.ts',
    'lib/plan/profiles.ts',
  ]) {
    expect(page).toContain(path);
  }
  edit(
    'lib/plan/finding.ts',
    'export const FINDINGS = {',
    "export const FINDINGS = {\n  'too-quay': 'warning',",
  );
  project.write(
    'lib/plan/checks/too-quay.ts',
    `import { finding } from '../finding.ts';
import type { Check } from './checked.ts';

export const checkQuay: Check = ({ relocations }) =>
  relocations
    .filter(({ source }) => source?.registry === 'docker.io')
    .map(({ target }) => finding('too-quay', { message: target.repository + ' is not from quay' }));
`,
  );
  edit(
    'lib/plan/checks/index.ts',
    "import { checkDigests } from './images.ts';",
    "import { checkDigests } from './images.ts';\nimport { checkQuay } from './too-quay.ts';",
  );
  edit('lib/plan/checks/index.ts', '  checkTargets,\n', '  checkTargets,\n  checkQuay,\n');
  edit('lib/config/schema.ts', "'generic', 'harbor'", "'generic', 'mine', 'harbor'");
  edit(
    'lib/plan/profiles.ts',
    /^(\s*)generic: anyPath,$/m,
    "$1generic: anyPath,\n$1mine: { ...anyPath, minComponents: 9, creates: 'shelf' },",
  );
  edit('airgap.yaml', 'path: elementdeployment', 'path: elementdeployment\n  profile: mine');

  expect(project.run('node_modules/.bin/tsc --noEmit -p .').stdout).toBe('');
  const run = project.run('npm run demo');
  expect(run.stderr).toContain('elementdeployment/library/haproxy is not from quay [too-quay]');
  expect(run.stderr).toContain('does not begin with a shelf [profile-path]');
  expect(run.status).toBe(0);
});

test('a credential source is a module, a line and a variant of the schema', () => {
  const page = readFileSync('CONTRIBUTING.md', 'utf8');
  const recipe = /\*\*Add a credential source\.\*\*[\s\S]*?\n\n/.exec(page)?.[0] ?? '';
  const other = new Project();
  try {
    // The paths that the recipe names, in its order.
    const paths = [...recipe.matchAll(/`((?:lib|test)\/[^`]*)`/g)].map(([, path]) => path);
    expect(paths).toEqual([
      'lib/config/credential.ts',
      'lib/credentials/',
      'lib/credentials/sources.ts',
      'test/manifests/secrets.test.ts',
    ]);
    edit(
      'lib/config/credential.ts',
      "return z.discriminatedUnion('source', [",
      `return z.discriminatedUnion('source', [
    z.strictObject({
      ...common,
      ...named,
      source: key('A password manager makes the Secret.', z.literal('vault')),
      item: key('Its entry.', text(notEmpty)),
    }),`,
      other,
    );
    // A variant that nothing makes does not compile.
    const types = () => other.run('node_modules/.bin/tsc --noEmit -p .').stdout;
    expect(types()).toContain('lib/credentials/sources.ts');
    expect(types()).toContain("Property 'vault' is missing");
    other.write(
      'lib/credentials/vault.ts',
      `import type { CredentialSource } from './credential-source.ts';

export const vault: CredentialSource<'vault'> = {
  secret: 'object',
  secretName: ({ config }) => config.name,
  identity: ({ config }) => ({ id: config.item, shared: 'the entry ' + config.item }),
  isOneSecret: () => false,
  object: ([{ config }], { labels }) => ({
    apiVersion: 'vault.example/v1',
    kind: 'VaultItem',
    spec: { item: config.item, labels },
  }),
};
`,
    );
    edit(
      'lib/credentials/sources.ts',
      '\nimport type {',
      "\nimport { vault } from './vault.ts';\nimport type {",
      other,
    );
    edit('lib/credentials/sources.ts', '  env,\n', '  env,\n  vault,\n', other);
    expect(types()).toBe('');

    const schema = other.run('mkdir -p schema docs/reference && npm run schema');
    expect(schema.stderr).toBe('');
    expect(other.read('schema/airgap.schema.json')).toContain('"const": "vault"');
    edit(
      'airgap.yaml',
      /pullSecret:[\s\S]*\n\nmirror:/,
      'pullSecret: { name: nodes, source: vault, item: pull }\n\nmirror:',
      other,
    );
    edit(
      'airgap.yaml',
      / {4}- server: localregistry.local[\s\S]*/,
      '    - { server: localregistry.local, source: vault, name: push, item: push }\n',
      other,
    );
    expect(other.run('npm run demo').status).toBe(0);
    expect(other.dist()['ess-images.k8s.yaml']).toMatch(
      /kind: VaultItem\nmetadata:\n[\s\S]*name: nodes\n {2}namespace: element-onprem\nspec:\n {2}item: pull/,
    );
    const mirror = other.dist()['ess-mirror.k8s.yaml'];
    expect(mirror).toMatch(/kind: VaultItem\nmetadata:\n[\s\S]*name: push\n {2}namespace: ess-mirror/);
    expect(mirror).toContain('path: push/config.json');
    // The checks know the new source too.
    edit('airgap.yaml', 'item: pull', 'item: push', other);
    expect(other.run('npm run demo').stderr).toContain(
      'the Job and the nodes use the same credential for localregistry.local: the entry push [credential-shared]',
    );
  } finally {
    other.remove();
  }
});
