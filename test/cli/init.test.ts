import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../lib/index.ts';
import { essAirgap, folder } from '../support/cli.ts';
import { Project } from '../support/project.ts';

const images = { 'images_digests.yml': { from: 'test/fixtures/images_digests.full.yml' } };

describe('ess-airgap init', () => {
  test('what it writes works: nothing is missing, for plan, lint and synth', () => {
    const cwd = folder(images);
    const run = essAirgap(['init', 'registry.local:5000/ess'], { cwd });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toContain(
      'airgap.yaml written: 52 containers, 44 distinct images, all to registry.local:5000/ess.',
    );
    expect(essAirgap(['lint', '--strict'], { cwd })).toMatchObject({
      status: 0,
      // Notes: the mirror's own image is upstream, and Docker Hub may want a login.
      stdout: expect.stringContaining('no errors, no warnings, 2 notes\n'),
    });
    const { config } = readConfig(join(cwd, 'airgap.yaml'));
    expect(config.registry).toMatchObject({ server: 'registry.local:5000', path: 'ess', profile: 'generic' });
    expect(config.mirror?.auth.map(({ server }) => server)).toEqual([
      'gitlab-registry.matrix.org/ems-image-store',
      'registry.local:5000',
    ]);
    // It names every Secret that it speaks of, and asks for no variable of the environment.
    for (const name of [
      'element-onprem/localregistry',
      'ess-mirror/upstream-1',
      'ess-mirror/localregistry-push',
    ])
      expect(run.stdout).toContain(`  ${name}  `);
    const project = new Project({
      'airgap.yaml': readFileSync(join(cwd, 'airgap.yaml'), 'utf8'),
      'images_digests.yml': readFileSync(join(cwd, 'images_digests.yml'), 'utf8'),
    });
    expect(project.run('npm run synth').status).toBe(0);
    expect(Object.keys(project.dist())).toEqual(['ess-images.k8s.yaml', 'ess-mirror.k8s.yaml']);
    project.remove();
  });

  test('every key of it has a comment, and the release decides which credentials it names', () => {
    const cwd = folder({
      'image.yml':
        'web: { web: { image_repository_server: docker.io, image_repository_path: a, image_tag: 1 } }',
    });
    expect(essAirgap(['init', '1.dkr.ecr.eu-west-1.amazonaws.com', '-d', 'image.yml'], { cwd }).status).toBe(
      0,
    );
    const text = readFileSync(join(cwd, 'airgap.yaml'), 'utf8');
    expect(text).toContain('digests: "image.yml"');
    expect(text).toContain('profile: ecr');
    expect(text).not.toContain('ems-image-store');
    expect(text.match(/^ *#/gm)?.length).toBeGreaterThan(12);
  });

  test('the digests file is named relative to the configuration', () => {
    const cwd = folder({ ...images, 'prod/.keep': '' });
    expect(essAirgap(['init', 'r.local', '-c', 'prod/airgap.yaml'], { cwd }).status).toBe(0);
    expect(readFileSync(join(cwd, 'prod/airgap.yaml'), 'utf8')).toContain('digests: "../images_digests.yml"');
    expect(essAirgap(['plan', '-c', 'prod/airgap.yaml'], { cwd }).status).toBe(0);
  });

  test('for ESS Helm before the chart is locked: the file is legal, and the next step is named', () => {
    const cwd = folder();
    const run = essAirgap(['init', 'r.local/ess', '--product', 'ess-helm'], { cwd });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toContain(
      '  ess-airgap lock oci://ghcr.io/element-hq/ess-helm/matrix-stack:VERSION --output images_digests.yml\n',
    );
    expect(run.stdout).toContain('  ess/localregistry  ');
    const text = readFileSync(join(cwd, 'airgap.yaml'), 'utf8');
    expect(text).not.toMatch(/ElementDeployment|ConfigMap|element-onprem/);
    const { config } = readConfig(join(cwd, 'airgap.yaml'));
    expect(config).toMatchObject({ namespace: 'ess', helm: { values: [] } });
    // The classic line has a file from the installer.
    expect(essAirgap(['init', 'r.local', '-c', 'other.yaml'], { cwd })).toMatchObject({
      status: 2,
      stdout: '',
    });
  });

  test('for ESS Helm with a locked chart: the digests file says so, and nothing is missing', () => {
    const cwd = folder({
      'images_digests.yml': { from: 'examples/ess-helm/images_digests.yml' },
      'my-values.yaml': { from: 'examples/ess-helm/my-values.yaml' },
    });
    const run = essAirgap(['init', 'r.local/ess'], { cwd });
    expect(run.stdout).toContain('Next: review the file, then run ess-airgap plan.');
    const text = readFileSync(join(cwd, 'airgap.yaml'), 'utf8');
    expect(text).toContain('namespace: ess\n');
    // The example was locked with values of its own.
    writeFileSync(join(cwd, 'airgap.yaml'), text.replace('values: []', 'values: [my-values.yaml]'));
    expect(essAirgap(['lint', '--strict'], { cwd })).toMatchObject({ status: 0, stderr: '' });
    expect(
      essAirgap(['init', 'infra', '--server', 'r.local/ess', '--product', 'ess-helm'], { cwd }).status,
    ).toBe(0);
    expect(readFileSync(join(cwd, 'infra/airgap.yaml'), 'utf8')).toContain('namespace: ess\n');
  });

  test('a digests file of another product line is an error, and so is a repository for a chart without one', () => {
    const cwd = folder(images);
    const run = essAirgap(['init', 'r.local', '--product', 'ess-helm'], { cwd });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain(
      'images_digests.yml:1:1: error: this digests file is of the product line classic, and --product is ess-helm',
    );
    const empty = essAirgap(['init', 'infra', '--product', 'ess-helm'], { cwd: folder() });
    expect(empty).toMatchObject({ status: 2, stdout: '' });
    expect(empty.stderr).toContain('a repository for ESS Helm needs the digests file of the chart');
  });

  test('never overwrites', () => {
    const cwd = folder({ ...images, 'airgap.yaml': 'mine\n' });
    const run = essAirgap(['init', 'r.local'], { cwd });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain('airgap.yaml:1:1: error: this file exists already');
    expect(readFileSync(join(cwd, 'airgap.yaml'), 'utf8')).toBe('mine\n');
  });

  test.each([
    ['https://r.local', 'it begins with a scheme'],
    ['r.local/Up', 'upper-case letters'],
    ['user:hunter2@r.local', 'it has an @'],
  ])('%s is no registry; nothing is written', (server, message) => {
    const cwd = folder(images);
    const run = essAirgap(['init', server], { cwd });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain(message);
    expect(essAirgap(['lint'], { cwd }).stderr).toContain('the file does not exist');
  });
});

describe('ess-airgap init FOLDER', () => {
  const files = [
    '.env.example',
    '.github/workflows/ess-airgap.yml',
    '.gitignore',
    '.gitlab-ci.yml',
    'airgap.yaml',
    'cdk8s.yaml',
    'images_digests.yml',
    'main.ts',
    'package.json',
  ];
  const filesOf = (dir: string): string[] =>
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
      .sort();

  test.each(['infra', './my.infra', 'deep/infra', '.'])(
    '%s: a repository, with a sample for a release',
    (name) => {
      const cwd = folder();
      const run = essAirgap(['init', name, '--server', 'r.local:5000/ess'], { cwd });
      expect(run).toMatchObject({ status: 0, stderr: '' });
      const dir = join(cwd, name);
      expect(filesOf(dir)).toEqual(files);
      for (const file of files) expect(run.stdout).toContain(`\n  ${file}\n`);
      expect(run.stdout).toContain('images_digests.yml is a sample');
      const airgap = readFileSync(join(dir, 'airgap.yaml'), 'utf8');
      expect(airgap).toMatch(/^# yaml-language-server: \$schema=\.\/node_modules\/ess-airgap\/schema\//);
      expect(airgap).toContain('server: "r.local:5000"');
      expect(essAirgap(['lint', '--strict'], { cwd: dir }).status).toBe(0);
      expect(essAirgap(['synth'], { cwd: dir }).status).toBe(0);
      // Five lines, without blank ones.
      expect(readFileSync(join(dir, 'main.ts'), 'utf8').trim().split(/\n+/)).toHaveLength(5);
      for (const file of files.filter((it) => /ya?ml$/.test(it)))
        expect(load(readFileSync(join(dir, file), 'utf8'))).toBeTypeOf('object');
    },
  );

  test('the release file at hand is copied, another one by name', () => {
    const cwd = folder({
      ...images,
      'other.yml': 'a: { b: { image_repository_server: r, image_tag: 1 } }\n',
    });
    expect(essAirgap(['init', 'one'], { cwd }).stdout).toContain('52 containers');
    expect(readFileSync(join(cwd, 'one/images_digests.yml'), 'utf8')).toBe(
      readFileSync(join(cwd, 'images_digests.yml'), 'utf8'),
    );
    const broken = essAirgap(['init', 'two', '-d', 'other.yml'], { cwd });
    expect(broken).toMatchObject({ status: 2, stdout: '' });
    expect(broken.stderr).toContain('other.yml:1:');
    expect(existsSync(join(cwd, 'two'))).toBe(false);
  });

  test('never overwrites: every file that is there is named, and nothing is written', () => {
    const cwd = folder({
      'infra/airgap.yaml': 'mine\n',
      'infra/.gitlab-ci.yml': 'mine\n',
      'infra/notes': '',
    });
    const run = essAirgap(['init', 'infra'], { cwd });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    for (const name of ['airgap.yaml', '.gitlab-ci.yml'])
      expect(run.stderr).toContain(`infra/${name}:1:1: error: this file exists already`);
    expect(filesOf(join(cwd, 'infra'))).toEqual(['.gitlab-ci.yml', 'airgap.yaml', 'notes']);
    expect(essAirgap(['init', './infra/notes'], { cwd }).stderr).toContain(
      'this is a file; expected a folder',
    );
  });

  test('options of a repository with a registry are wrong use, not ignored', () => {
    const run = essAirgap(['init', 'r.local', '--server', 'other.local'], { cwd: folder(images) });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain('If it is a folder, write ./r.local.');
  });
});
