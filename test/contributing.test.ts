import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { Project } from './support/project.ts';

// What CONTRIBUTING says about adding things, followed to the letter in a copy of the repository.

const project = new Project();
afterAll(() => project.remove());

function edit(path: string, before: string | RegExp, after: string): void {
  const text = project.read(path);
  const edited = text.replace(before, after);
  expect(edited, `${path} has no place for it`).not.toBe(text);
  project.write(path, edited);
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
    'import { checkUnmatched',
    "import { checkQuay } from './too-quay.ts';\nimport { checkUnmatched",
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
