import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// The package as a user gets it: packed, installed in a folder made by hand, used from both kinds of modules.

const dir = mkdtempSync(join(tmpdir(), 'ess-airgap-package-'));
const user = join(dir, 'user');
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function run(command: string, cwd: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, npm_config_loglevel: 'silent', NO_COLOR: '1' },
  });
  if (status !== 0) throw new Error(`${command}: ${status}\n${stdout}${stderr}`);
  return stdout;
}

const main = `
import { App, Chart } from 'cdk8s';
import { DigestsConfigMap, defineConfig, EssAirgap, InputError, makePlan, parseDigests, type Plan } from 'ess-airgap';
const config = defineConfig({ apiVersion: 'ess-airgap/v1', registry: { server: 'localregistry.local' } });
const images = parseDigests('web: {web: {image_repository_server: docker.io, image_repository_path: x, image_tag: 1.10}}', 'd.yml');
const plan: Plan = makePlan(images, config);
// @ts-expect-error: the types are there, not any
plan.nothing;
const app = new App();
new EssAirgap(app, 'ess', { config, plan });
new DigestsConfigMap(new Chart(app, 'mine'), 'digests', { plan, namespace: 'chat' });
app.synth();
try {
  parseDigests('', 'empty.yml');
} catch (error) {
  console.log(error instanceof InputError, plan.hash);
}
`;

beforeAll(() => {
  const source = join(dir, 'source');
  mkdirSync(source);
  for (const name of [
    'lib',
    'imports',
    'scripts',
    'schema',
    'docs',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'README.md',
    'LICENSE',
  ]) {
    cpSync(name, join(source, name), { recursive: true });
  }
  // npm packs the bundled dependencies only from real folders.
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const names = readdirSync('node_modules').flatMap((name) =>
    name.startsWith('@') ? readdirSync(join('node_modules', name)).map((inner) => `${name}/${inner}`) : name,
  );
  for (const name of names) {
    const to = join(source, 'node_modules', name);
    mkdirSync(dirname(to), { recursive: true });
    if (packages[`node_modules/${name}`]?.inBundle)
      cpSync(join('node_modules', name), to, { recursive: true });
    else symlinkSync(resolve('node_modules', name), to);
  }
  run(`npm pack --pack-destination "${dir}"`, source);
  run('node_modules/.bin/publint --strict .', source);

  mkdirSync(user);
  run('npm init -y', user);
  const packed = readdirSync(dir).find((name) => name.endsWith('.tgz'));
  const wanted = ['cdk8s', 'constructs'].map((name) => `${name}@${packages[`node_modules/${name}`].version}`);
  run(
    `npm install --prefer-offline --no-audit --no-fund ${wanted.join(' ')} "${join(dir, packed ?? '')}"`,
    user,
  );
  writeFileSync(join(user, 'main.mts'), main);
  writeFileSync(join(user, 'main.cts'), main);
  // The user's own compiler and types; the same versions as ours spare the test a download.
  const tsc = resolve('node_modules/.bin/tsc');
  const typeRoots = resolve('node_modules/@types');
  run(
    `${tsc} --module nodenext --target es2022 --strict --types node --typeRoots ${typeRoots} main.mts main.cts`,
    user,
  );
}, 300_000);

test.each(['main.mjs', 'main.cjs'])('a cdk8s app of the user’s own synthesises: %s', (file) => {
  rmSync(join(user, 'dist'), { recursive: true, force: true });
  expect(run(`node ${file}`, user)).toMatch(/^true sha256:[0-9a-f]{64}\n$/);
  expect(readdirSync(join(user, 'dist'))).toEqual(['ess-images.k8s.yaml', 'mine.k8s.yaml']);
  expect(readFileSync(join(user, 'dist/mine.k8s.yaml'), 'utf8')).toContain('image_tag: "1.10"');
});

test('the command-line tool is there', () => {
  expect(run('npx ess-airgap --version', user).trim()).toBe(
    JSON.parse(readFileSync('package.json', 'utf8')).version,
  );
});

test('runs from the tarball where no registry can be reached: npx --package', () => {
  const empty = join(dir, 'empty');
  mkdirSync(empty);
  const packed = readdirSync(dir).find((name) => name.endsWith('.tgz'));
  const unreachable = 'npm_config_registry=http://127.0.0.1:9/ npm_config_cache="$PWD/cache"';
  const npx = `${unreachable} npx --yes --offline --package "${join(dir, packed ?? '')}" ess-airgap`;
  expect(run(`${npx} --help`, empty)).toContain('Usage: ess-airgap');
});

test('holds the schema, the script and the documentation, and no test, example or source of ours', () => {
  const installed = join(user, 'node_modules/ess-airgap');
  for (const name of [
    'schema/airgap.schema.json',
    ...['faults', 'image', 'mirror', 'report', 'workers'].map((part) => `lib/mirror/${part}.sh`),
    'docs/findings.md',
    'build/ess-airgap.1',
    'build/THIRD-PARTY-NOTICES.txt',
    'LICENSE',
    'README.md',
  ]) {
    expect(existsSync(join(installed, name)), name).toBe(true);
  }
  const all = readdirSync(installed, { recursive: true, encoding: 'utf8' });
  const files = all.filter((name) => !name.startsWith('node_modules'));
  expect(files.filter((name) => /^(test|examples|bench|dist)|\.test\.|(?<!\.d)\.ts$/.test(name))).toEqual([]);
  expect(
    run(`node -p "require.resolve('ess-airgap/schema') && require.resolve('ess-airgap/mirror.sh')"`, user),
  ).toContain('mirror.sh');
});

describe('an infra repository from the tarball', () => {
  const infra = join(dir, 'infra');
  const tarball = () => join(dir, readdirSync(dir).find((name) => name.endsWith('.tgz')) ?? '');

  beforeAll(() => {
    run(`npx ess-airgap init ../infra --server localregistry.local/ess --package "${tarball()}"`, user);
    run('npm install --prefer-offline --no-audit --no-fund', infra);
    run('git init -q -b main', infra);
  }, 300_000);

  const dist = (): Record<string, string> =>
    Object.fromEntries(
      readdirSync(join(infra, 'dist')).map((name) => [name, readFileSync(join(infra, 'dist', name), 'utf8')]),
    );

  test('installs, and synthesises the same in each way', () => {
    expect(run('npx ess-airgap lint', infra)).toContain('no errors, no warnings');
    run('npm run synth', infra);
    const made = dist();
    expect(Object.keys(made)).toEqual(['ess-images.k8s.yaml', 'ess-mirror.k8s.yaml']);
    for (const command of ['npx ess-airgap synth', 'CDK8S_CHECK_UPGRADE=false npx cdk8s synth']) {
      rmSync(join(infra, 'dist'), { recursive: true });
      run(command, infra);
      expect(dist()).toEqual(made);
    }
    expect(readdirSync(infra)).not.toContain('.dist');
    expect(run('npm run --silent synth -- --check 2>&1', infra)).toContain('Nothing would change');
  });

  describe('its pipelines', () => {
    const bin = join(dir, 'bin');
    const env = { PATH: `${bin}:${process.env.PATH}` };
    const said = join(dir, 'comment');

    /** What the programs of the code hosts were given: their arguments, their input, and the comment. */
    const stub = (name: string) =>
      `#!/bin/sh\n{ printf '%s\\n' "${name}" "$@"; cat; cat diff.md; } >"${said}"\n`;

    beforeAll(() => {
      mkdirSync(bin);
      for (const name of ['gh', 'curl']) writeFileSync(join(bin, name), stub(name), { mode: 0o755 });
      // The steps run in what is installed: a second installation would only take time.
      writeFileSync(
        join(bin, 'npm'),
        `#!/bin/sh\n[ "$1" = ci ] || PATH=${process.env.PATH} exec npm "$@"\n`,
        {
          mode: 0o755,
        },
      );
      run('git add -A && git -c user.name=a -c user.email=a@b commit -qm first', infra);
      const changed = readFileSync(join(infra, 'images_digests.yml'), 'utf8').replace(
        '2.8-alpine',
        '2.9-alpine',
      );
      writeFileSync(join(infra, 'images_digests.yml'), changed);
      run('npm run synth && git add -A && git -c user.name=a -c user.email=a@b commit -qm second', infra);
    });

    const steps = (lines: readonly string[], variables: Record<string, string>): string => {
      rmSync(said, { force: true });
      const { status, stdout, stderr } = spawnSync('sh', ['-ec', lines.join('\n')], {
        cwd: infra,
        encoding: 'utf8',
        input: '',
        env: { ...process.env, ...env, ...variables, npm_config_loglevel: 'silent' },
      });
      expect(`${status}\n${stdout}${stderr}`).toMatch(/^0\n/);
      return existsSync(said) ? readFileSync(said, 'utf8') : '';
    };
    const read = (name: string) => load(readFileSync(join(infra, name), 'utf8')) as Pipeline;
    interface Pipeline {
      readonly check: { readonly script: string[] };
      readonly diff: { readonly script: string[] };
      readonly jobs: Record<'check' | 'diff', { readonly steps: { readonly run?: string }[] }>;
    }
    const base = () => run('git rev-parse HEAD~', infra).trim();

    test('GitLab: checks, and comments with the diff; the token is no argument', () => {
      const { check, diff } = read('.gitlab-ci.yml');
      expect(steps(check.script, {})).toBe('');
      const comment = steps(diff.script, {
        CI_MERGE_REQUEST_DIFF_BASE_SHA: base(),
        CI_API_V4_URL: 'https://gitlab.example/api/v4',
        CI_PROJECT_ID: '7',
        CI_MERGE_REQUEST_IID: '3',
        ESS_AIRGAP_COMMENT_TOKEN: 'fake-token',
      });
      expect(comment).toContain('\nhttps://gitlab.example/api/v4/projects/7/merge_requests/3/notes\n');
      expect(comment).toContain('\nheader = "PRIVATE-TOKEN: fake-token"\n');
      expect(comment.match(/fake-token/g)).toHaveLength(1);
      expect(comment).toContain('2.9-alpine');
    });

    test('GitHub: the same', () => {
      const { jobs } = read('.github/workflows/ess-airgap.yml');
      const lines = (job: 'check' | 'diff') => jobs[job].steps.flatMap((step) => step.run ?? []);
      expect(steps(lines('check'), {})).toBe('');
      const comment = steps(lines('diff'), { BASE: base(), PULL_REQUEST: '3' });
      expect(comment).toMatch(/^gh\npr\ncomment\n3\n--body-file\ndiff\.md\n/);
      expect(comment).toContain('2.9-alpine');
    });

    test('a dist/ that is not what the input makes fails', () => {
      const { check } = read('.gitlab-ci.yml');
      writeFileSync(
        join(infra, 'airgap.yaml'),
        readFileSync(join(infra, 'airgap.yaml'), 'utf8').replace('localregistry.local', 'other.local'),
      );
      const last = check.script.at(-1) ?? '';
      run('npm run synth', infra);
      expect(spawnSync('sh', ['-ec', last], { cwd: infra }).status).toBe(1);
    });
  });
});
