import { App } from 'cdk8s';
import { afterAll, describe, expect, test } from 'vitest';
import { type ConfigInput, EssAirgap, makePlan } from '../lib/index.ts';
import { configWith, containers, digestOf } from './support/digests.ts';
import { Project } from './support/project.ts';

const projects: Project[] = [];
function project(files: Record<string, string>): Project {
  const made = new Project(files);
  projects.push(made);
  return made;
}
afterAll(() => {
  for (const made of projects.splice(0)) made.remove();
});

const pull = 'pullSecret: { name: pull, source: env, usernameEnv: USER, passwordEnv: PASSWORD }\n';
const deployment = (name: string): string =>
  `apiVersion: ess-airgap/v1\nname: ${name}\ncluster: ${name}\ndigests: ../images_digests.yml\nregistry: { server: ${name}.local }\n${pull}`;
const env = { USER: 'robot', PASSWORD: 'hunter2-secret' };
const both = { ESS_AIRGAP_CONFIG: 'clusters/staging.yaml,clusters/production.yaml' };

describe('several deployments of one repository', () => {
  const made = project({
    'clusters/staging.yaml': deployment('staging'),
    'clusters/production.yaml': deployment('production'),
  });

  test('each has files of its own, from one digests file', () => {
    const run = made.run('npx cdk8s synth', { ...env, ...both });
    for (const name of ['staging', 'production']) {
      expect(run.stderr).toContain(`Next, for the deployment ${name}:`);
      expect(run.stderr).toContain(`Point kubectl at the cluster ${name}.`);
      for (const file of ['ess-images', 'pull-ess-secrets'])
        expect(run.stderr).toContain(`kubectl apply -f dist/${name}-${file}.k8s.yaml`);
    }
    const files = made.dist();
    expect(Object.keys(files)).toEqual([
      'production-ess-images.k8s.yaml',
      'production-pull-ess-secrets.k8s.yaml',
      'staging-ess-images.k8s.yaml',
      'staging-pull-ess-secrets.k8s.yaml',
    ]);
    for (const name of ['staging', 'production']) {
      const servers = [...(files[`${name}-ess-images.k8s.yaml`] ?? '').matchAll(/_server: (\S+)/g)];
      expect(new Set(servers.map(([, server]) => server))).toEqual(new Set([`${name}.local`]));
    }
  });

  test('git ignores the secrets file of each', () => {
    made.run('git init -q && git add -A');
    const { stdout } = made.run('git ls-files dist');
    expect(stdout.split('\n').filter(Boolean)).toEqual([
      'dist/production-ess-images.k8s.yaml',
      'dist/staging-ess-images.k8s.yaml',
    ]);
  });

  test('the problems of all are said at once', () => {
    made.write('clusters/staging.yaml', `${deployment('staging')}pn: tag\n`);
    made.write('clusters/production.yaml', `${deployment('production')}np: tag\n`);
    const run = made.run('sh app.sh --check', { ...env, ...both });
    expect(run.status).toBe(2);
    expect(run.stderr).toContain('clusters/staging.yaml:7:1: error: unknown key "pn"');
    expect(run.stderr).toContain('clusters/production.yaml:7:1: error: unknown key "np"');
  });

  test('two of the same name are refused', () => {
    made.write('clusters/staging.yaml', deployment('staging'));
    made.write('clusters/production.yaml', deployment('staging'));
    const run = made.run('sh app.sh --check', { ...env, ...both });
    expect(run.status).toBe(2);
    expect(run.stderr).toContain(
      'clusters/production.yaml:2:7: error: clusters/staging.yaml and clusters/production.yaml have the same name (staging): they would write the same files [deployment-collision]',
    );
  });
});

describe('objects of two deployments', () => {
  function collisions(...inputs: Partial<ConfigInput>[]): string {
    const app = new App();
    const deployments = inputs.map((input, index) => {
      const config = configWith(input as Parameters<typeof configWith>[0]);
      const plan = makePlan(containers({ 'web/web': `docker.io/a/web:v1@${digestOf('a')}` }), config);
      return new EssAirgap(app, String(index), { config, plan, environment: {} });
    });
    return deployments.flatMap(({ node }) => node.validate()).join('\n');
  }

  test('in one cluster they may not be the same', () => {
    expect(collisions({ name: 'a' }, { name: 'b' })).toContain(
      'the deployment a and the deployment b would both create ConfigMap element-onprem/ess-images-digests [deployment-collision]',
    );
    const store = {
      store: { name: 'vault' },
      username: { key: 'u' },
      password: { key: 'p' },
    };
    const mirror = { image: `quay.io/skopeo/stable@${digestOf('b')}` };
    const auth = [{ server: 'docker.io', source: 'externalSecret' as const, name: 'hub', ...store }];
    const withSecret = { mirror: { ...mirror, auth } };
    expect(collisions({ name: 'a', ...withSecret }, { name: 'b', namespace: 'b', ...withSecret })).toContain(
      'would both create ExternalSecret ess-mirror/hub',
    );
  });

  test('in another cluster, or with namespaces of their own, they are apart', () => {
    expect(collisions({ name: 'a', cluster: 'a' }, { name: 'b', cluster: 'b' })).toBe('');
    expect(collisions({ name: 'a', namespace: 'a' }, { name: 'b', namespace: 'b' })).toBe('');
  });

  test('two mirrors share a namespace: each has names of its own, and the first makes the namespace', () => {
    const mirror = { image: `quay.io/skopeo/stable@${digestOf('b')}` };
    expect(collisions({ name: 'a', mirror }, { name: 'b', namespace: 'b', mirror })).toBe('');
  });
});

describe('a secrets file that git would commit', () => {
  const made = project({
    'airgap.yaml': `apiVersion: ess-airgap/v1\nregistry: { server: a.local }\n${pull}`,
  });
  made.run('git init -q');
  const ignore = made.read('.gitignore');

  test('is refused before anything is written, with the way out', () => {
    made.write('.gitignore', 'node_modules\n');
    const before = made.dist();
    const run = made.run('npm run synth', env);
    expect(run.status).toBe(2);
    expect(run.stderr).toContain(
      'error: dist/pull-ess-secrets.k8s.yaml would have plain Secrets, but git does not ignore it [secrets-not-ignored]\n    Add the line *ess-secrets.k8s.yaml to .gitignore',
    );
    expect(made.dist()).toEqual(before);
  });

  test('is refused where git has it already, whatever .gitignore says', () => {
    made.write('.gitignore', ignore);
    expect(made.run('sh app.sh --check', env).status).toBe(0);
    made.write('dist/pull-ess-secrets.k8s.yaml', '# once committed by mistake\n');
    made.run('git add -f dist/pull-ess-secrets.k8s.yaml');
    expect(made.run('sh app.sh --check', env).stderr).toContain('[secrets-not-ignored]');
  });

  test('is refused where git cannot be asked', () => {
    made.run('git rm -q --cached dist/pull-ess-secrets.k8s.yaml');
    made.write('.git/config', 'not a git config\n');
    const run = made.run('sh app.sh --check', env);
    expect(run.status).toBe(2);
    expect(run.stderr).toContain('git could not tell whether it ignores dist/pull-ess-secrets.k8s.yaml:');
  });
});
