import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { redact } from '../lib/credentials/redact.ts';
import { Project } from './support/project.ts';

// Known credentials are hidden in every input; no output, log and error may hold them.

const made = new Project();
afterAll(() => made.remove());
made.run('git init -q');

// Lower case and dashes, so that it is legal in as many places as can be; long enough to be cut off in messages.
const password = 'hunter2-hunter3-hunter4-hunter5-hunter6-hunter7';
const token = 'toktok1-toktok2';
const env = {
  EMS_IMAGE_STORE_USERNAME: 'ems-robot',
  EMS_IMAGE_STORE_TOKEN: token,
  ESS_AIRGAP_PULL_USERNAME: 'pull-robot',
  ESS_AIRGAP_PULL_PASSWORD: 'pulling2-pulling3',
  ESS_AIRGAP_PUSH_USERNAME: 'push-robot',
  ESS_AIRGAP_PUSH_PASSWORD: password,
};
const passwords = Object.entries(env).flatMap(([name, value]) => (/USERNAME/.test(name) ? [] : [value]));
const sample = readFileSync('airgap.yaml', 'utf8');
const digests = readFileSync('images_digests.yml', 'utf8');

/** Every text of any length of a password, in plain or in base64 wherever it begins. */
function expectNone(text: string): void {
  const unfolded = text.replace(/\s+/g, '');
  for (const secret of passwords) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(secret.slice(0, 12));
    for (const before of ['', ':', '::']) {
      const core = Buffer.from(before + secret)
        .toString('base64')
        .slice(4, -8);
      expect(unfolded).not.toContain(core);
    }
  }
}

/** Inputs with the password where it does not belong: a line of the sample, and what it becomes. */
const hidingPlaces: [string, string, string, string][] = [
  ['registry.path', 'airgap.yaml', 'path: elementdeployment', `path: ${password}`],
  [
    'registry.server',
    'airgap.yaml',
    'server: localregistry.local\n  path',
    `server: robot:${password}@localregistry.local\n  path`,
  ],
  ['an illegal namespace', 'airgap.yaml', 'namespace: element-onprem', `namespace: ${password}_`],
  ['a legal namespace', 'airgap.yaml', 'namespace: element-onprem', `namespace: ${password}`],
  [
    'the name of a variable',
    'airgap.yaml',
    'passwordEnv: ESS_AIRGAP_PUSH_PASSWORD',
    `passwordEnv: ${password}`,
  ],
  ['an unknown key', 'airgap.yaml', 'pullSecret:', `${password}: x\npullSecret:`],
  ['an unknown value', 'airgap.yaml', 'source: env', `source: ${password}`],
  ['exclude', 'airgap.yaml', 'pullSecret:', `exclude: [${password}]\npullSecret:`],
  [
    'an override',
    'airgap.yaml',
    'pullSecret:',
    `overrides: { adminbot/pipe: { tag: ${password} } }\npullSecret:`,
  ],
  ['the image of the Job', 'airgap.yaml', 'quay.io/skopeo', `quay.io/${password}`],
  ['a repository of the release', 'images_digests.yml', 'library/haproxy', `library/${password}`],
  [
    'a tag of the release',
    'images_digests.yml',
    '2.8-alpine',
    `!!binary ${Buffer.from(password).toString('base64')}`,
  ],
  ['a component of the release', 'images_digests.yml', 'adminbot:', `${password}:`],
  ['a broken line', 'images_digests.yml', 'adminbot:', `  - ${password}: [`],
];

describe('a credential hidden in', () => {
  test.each(hidingPlaces)('%s', (_, file, before, after) => {
    const original = file === 'airgap.yaml' ? sample : digests;
    expect(original).toContain(before);
    made.write('airgap.yaml', sample);
    made.write('images_digests.yml', digests);
    made.write(file, original.replaceAll(before, after));
    const run = made.run('CDK8S_OUTDIR=out sh app.sh', env);
    expect(`${run.stdout}${run.stderr}`).not.toMatch(/^\s+at /m);
    expectNone(run.stdout + run.stderr);
    const { stdout: written } = made.run(
      '[ ! -d out ] || cat $(ls -d out/* | grep -v ess-secrets.k8s.yaml); rm -rf out',
    );
    expectNone(written);
    // Either it was refused, or it stood where nothing is made of it.
    expect(run.status === 2 || written !== '').toBe(true);
  });

  test('no place: the plain synth shows none either, and writes them to the one file', () => {
    made.write('airgap.yaml', sample);
    made.write('images_digests.yml', digests);
    const run = made.run('npm run synth', env);
    expect(run.status).toBe(0);
    expectNone(run.stdout + run.stderr);
    const { 'ess-secrets.k8s.yaml': secrets = '', ...committed } = made.dist();
    expectNone(Object.values(committed).join('\n'));
    const configs = [...secrets.matchAll(/\.dockerconfigjson: (\S+)/g)].map(([, data = '']) =>
      Buffer.from(data, 'base64').toString(),
    );
    for (const secret of passwords) expect(configs.join()).toContain(secret);
  });
});

test('what is cut off, escaped or the beginning of another is redacted, other words are not', () => {
  const environment = {
    A_TOKEN: 'abcdefghijkl',
    A_PASSWORD: 'abcdefghijklmnop',
    B_SECRET: 'with"quote',
    HOME: 'homestead',
  };
  expect(redact('abcdefghijklmnop abcdefghij… abcdefghijkl.', environment)).toBe('*** ***… ***.');
  expect(redact(JSON.stringify('with"quote'), environment)).toBe('"***"');
  expect(redact('homestead abcdefg', environment)).toBe('homestead abcdefg');
});
