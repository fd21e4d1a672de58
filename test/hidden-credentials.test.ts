import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { goJson, redact, redactError, rememberSecret } from '../lib/credentials/redact.ts';
import { essAirgap } from './support/cli.ts';
import { divide, Project } from './support/project.ts';

// Known credentials are hidden in every input; no output, log and error may hold them.

const made = new Project();
afterAll(() => made.remove());
made.run('git init -q');

// Lower case and dashes, so that it is legal in as many places as can be; long enough to be cut off in messages.
const password = 'hunter2-hunter3-hunter4-hunter5-hunter6-hunter7';
const token = 'toktok1-toktok2';
/** Of names that do not say what they hold: only airgap.yaml does. */
const env = {
  EMS_IMAGE_STORE_USERNAME: 'ems-robot',
  EMS_KEY: token,
  ESS_AIRGAP_PULL_USERNAME: 'pull-robot',
  ESS_AIRGAP_PULL_PASSWORD: 'pulling2-pulling3',
  ESS_AIRGAP_PUSH_USERNAME: 'push-robot',
  PUSH_KEY: password,
};
const filed = 'filed2-filed3-filed4';
const passwords = [
  ...Object.entries(env).flatMap(([name, value]) => (/USERNAME/.test(name) ? [] : [value])),
  filed,
];
const sample = `${readFileSync('airgap.yaml', 'utf8')
  .replace('EMS_IMAGE_STORE_TOKEN', 'EMS_KEY')
  .replace(
    'ESS_AIRGAP_PUSH_PASSWORD',
    'PUSH_KEY',
  )}    - { server: docker.io, source: file, name: hub, path: hub.json }
`;
made.write(
  'hub.json',
  JSON.stringify({ auths: { 'docker.io': { username: 'hub-robot', password: filed } } }),
);
made.run('chmod 600 hub.json && echo hub.json >>.gitignore');
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
const secretEncodings: [string, string, string, string][] = [
  ['registry.path', 'airgap.yaml', 'path: elementdeployment', `path: ${password}`],
  [
    'registry.server',
    'airgap.yaml',
    'server: localregistry.local\n  path',
    `server: robot:${password}@localregistry.local\n  path`,
  ],
  ['an illegal namespace', 'airgap.yaml', 'namespace: element-onprem', `namespace: ${password}_`],
  ['a legal namespace', 'airgap.yaml', 'namespace: element-onprem', `namespace: ${password}`],
  ['the name of a variable', 'airgap.yaml', 'passwordEnv: PUSH_KEY', `passwordEnv: ${password}`],
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
  ['a broken line of the configuration', 'airgap.yaml', 'pullSecret:', `pullSecret: [${password}`],
  ['a password of a file', 'airgap.yaml', 'path: elementdeployment', `path: ${filed}`],
  ['the path of a file', 'airgap.yaml', 'path: hub.json', `path: ${password}`],
];

const commands = [
  'lint',
  'plan',
  'plan --format json',
  'diff old.yml images_digests.yml',
  'report --since old.yml',
].map((command) => command.split(' '));
made.write('old.yml', readFileSync('test/fixtures/releases/old.yml', 'utf8'));

describe('a credential hidden in', () => {
  test.each(secretEncodings)('%s', (_, file, before, after) => {
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
    for (const command of commands) {
      const { stdout, stderr } = essAirgap(command, { cwd: made.dir, env });
      expect(stdout + stderr, command.join(' ')).not.toBe('');
      expectNone(stdout + stderr);
    }
  });

  test('no place: the plain synth shows none either, and writes them to the one file', () => {
    made.write('airgap.yaml', sample);
    made.write('images_digests.yml', digests);
    const run = made.run('npm run synth', env);
    expect(run.status).toBe(0);
    expectNone(run.stdout + run.stderr);
    const { secrets, committed } = divide(made.dist());
    expectNone(Object.values(committed).join('\n'));
    const configs = [...secrets.join('\n').matchAll(/\.dockerconfigjson: (\S+)/g)].map(([, data = '']) =>
      Buffer.from(data, 'base64').toString(),
    );
    for (const secret of passwords) expect(configs.join()).toContain(secret);
  });
});

describe('redact', () => {
  const environment = {
    A_TOKEN: 'abcdefghijkl',
    A_PASSWORD: 'abcdefghijklmnop',
    B_SECRET: `with"quote'<&\\`,
    HOME: 'homestead',
  };
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const secret = environment.B_SECRET;

  test('what is cut off, and what is the beginning of another, but not other words', () => {
    expect(redact('abcdefghijklmnop abcdefghij… abcdefghijkl.', environment)).toBe('*** ***… ***.');
    const words = 'homestead abcdefg abcdefghi abcdefgh…ij';
    expect(redact(words, environment)).toBe('homestead abcdefg abcdefghi ***…ij');
  });

  test.each<[string, string]>([
    ['JSON', JSON.stringify(secret)],
    ['JSON in JSON', JSON.stringify(JSON.stringify(secret))],
    ['JSON of Go', goJson(JSON.stringify(secret))],
    ['a URL', `https://a.b/?p=${encodeURIComponent(secret)}`],
    ['a shell', `'${secret.replaceAll("'", `'\\''`)}'`],
    ['printf %q', secret.replace(/[^a-z]/g, '\\$&')],
    ['YAML', `'${secret.replaceAll("'", "''")}'`],
    ['base64', base64(`u:${secret}`)],
    ['base64 for URLs', Buffer.from(`??${secret}`).toString('base64url')],
    ['base64 of base64', base64(base64(`robot:${secret}`))],
    [
      'a docker config in base64',
      base64(JSON.stringify({ auths: { a: { auth: base64(`u:${secret}`), password: secret } } })),
    ],
  ])('a password as %s', (_, text) => {
    const redacted = redact(text, environment);
    expect(redacted).toContain('***');
    expect(redacted).not.toContain('quote');
    expect(redacted).not.toContain(base64(secret).slice(4, 12));
  });

  test.each([
    ['https://robot:hunter2@a.b/v2/', 'https://***@a.b/v2/'],
    ['robot:hunter2@localhost:5000/x', '***@localhost:5000/x'],
    ['"robot:hunter2:3@a.b"', '"***@a.b"'],
    ['see robot:hun,t(er2@[::1]:5000', 'see ***@[::1]:5000'],
    ['a:b@c.d and e:f@g.h', '***@c.d and ***@g.h'],
  ])('the user name and password of a URL: %s', (text, without) => expect(redact(text, {})).toBe(without));

  test.each([
    `quay.io/skopeo/stable:v1@sha256:${'a'.repeat(64)}`,
    `docker.io/a/b:1@sha512:${'a'.repeat(128)}`,
    'git@github.com:a/b',
    'mailto:maintainer@a.b',
    'a{b:c}@media print',
    'x:y@z',
    '@a.b',
    ':@a.b',
  ])('and not %s', (text) => expect(redact(text, {})).toBe(text));

  test('a text of any length is done in time', () => {
    const long = 'a:'.repeat(500_000) + '@a.b'.repeat(50_000);
    expect(redact(long, environment)).toContain('***@a.b');
  });
});

test('what this process read is kept out of every stream, as text and as bytes', () => {
  made.write(
    'guarded.ts',
    `import { redactOutput, rememberLogin } from './lib/credentials/redact.ts';
redactOutput();
rememberLogin({ username: 'u', password: 'abc' });
rememberLogin({ username: 'u', password: 'hunter2-hunter3' });
process.stdout.write('dTphYmM= hunter2-hunter3 abc ');
process.stdout.write(Buffer.from([255, 254]));
process.stderr.write(Buffer.from('hunter2-hunter3 '));
console.error('hunter2-hunter3');
`,
  );
  const run = made.run(
    'node_modules/.bin/esbuild guarded.ts --bundle --platform=node --outfile=guarded.cjs --log-level=error && node guarded.cjs | od -An -c',
  );
  expect(run.stderr).toBe('*** ***\n');
  expect(run.stdout.replace(/\s+/g, ' ').trim()).toBe('* * * * * * a b c 377 376');
});

test('a fault of our own shows its stack trace without secrets', () => {
  const error = new TypeError('no property hunter2-hunter3 of robot:hunter2@a.b');
  rememberSecret('hunter2-hunter3');
  expect(redactError(error)).toBe(error);
  expect(`${error.message} ${error.stack}`).not.toContain('hunter2');
  expect(error.stack).toContain('hidden-credentials.test.ts');
});
