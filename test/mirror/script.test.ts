import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LOAD_CHECKED_SCRIPT, LOAD_SCRIPT } from '../../lib/bundle/script.ts';
import { folder } from '../support/cli.ts';

const run = (command: string) => spawnSync('sh', ['-c', command], { encoding: 'utf8' });

test('shellcheck finds nothing in the scripts, as POSIX sh', () => {
  const { stdout, status } = run(
    'shellcheck -x -s sh lib/mirror/mirror.sh lib/bundle/load.sh app.sh scripts/*.sh',
  );
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

test("a bundle's load.sh is whole: the parts that it shares with mirror.sh stand in it", () => {
  expect(LOAD_SCRIPT).not.toMatch(/^\. /m);
  for (const name of ['is_insecure', 'inspect', 'copy', 'run', 'explain', 'print_result']) {
    expect(LOAD_SCRIPT.match(new RegExp(`^${name}\\(\\) \\{$`, 'gm')), name).toHaveLength(1);
  }
  const { stdout, status } = spawnSync('shellcheck', ['-s', 'sh', '-e', 'SC2034', '-'], {
    encoding: 'utf8',
    input: LOAD_SCRIPT,
  });
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

test.each([
  ['load.sh', LOAD_SCRIPT],
  ['load-checked.sh', LOAD_CHECKED_SCRIPT],
])('%s has every function that it calls: a shell finds out only when it gets there', (_, script) => {
  const definition = /^([a-z_]+)\(\) \{/gm;
  const names = (text: string) => [...text.matchAll(definition)].map(([, name = '']) => name);
  const parts = ['lib/mirror', 'lib/bundle'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.sh'))
      .flatMap((name) => names(readFileSync(`${folder}/${name}`, 'utf8'))),
  );
  const defined = new Set(names(script));
  const code = script.replace(/^\s*#.*$/gm, '').replace(/<<'END'.*?^END$/gms, '');
  const isCalled = (name: string) =>
    new RegExp(`(?:^|[;&|!({]|\\b(?:if|then|else|elif|do|while|until))\\s*${name}(?=\\s|;|$)`, 'm').test(
      code,
    );
  expect(new Set(parts).size).toBeGreaterThan(50);
  expect([...defined].filter(isCalled).length).toBeGreaterThan(20);
  expect([...new Set(parts)].filter((name) => !defined.has(name) && isCalled(name))).toEqual([]);
});

const SHELLS = ['dash', 'bash --posix', 'busybox sh'];
test.each(SHELLS)('%s: without a plan it says what it wants', (shell) => {
  const { stderr, status } = run(`${shell} lib/mirror/mirror.sh`);
  expect(status).toBe(2);
  expect(stderr).toContain('name at least one plan file');
});

test.each(SHELLS)('%s: a client certificate for every server is an error', (shell) => {
  const directory = folder({ 'images.plan': '', 'default/client.key': '' });
  const { stderr, status } = run(
    `ESS_AIRGAP_CERT_DIR=${directory} ${shell} lib/mirror/mirror.sh ${directory}/images.plan`,
  );
  expect(status).toBe(2);
  expect(stderr).toContain('default/client.key would be shown to every server without a folder of its own');
});

describe.each(SHELLS)('%s: a plan that is not valid: exit code 2 before skopeo is run', (shell) => {
  const digest = `sha256:${'1'.repeat(64)}`;
  const [source, target] = ['docker.io/library/redis:7', 'r.example/ess/redis:7'];
  const rest = '- - - synapse/redis';
  const hex = (digit: string) => digit.repeat(64);
  const cases: [name: string, lines: string[], message: string][] = [
    [
      'one target, two digests',
      [`${digest} ${source} ${target} ${rest}`, `sha256:${'2'.repeat(64)} ${source} ${target} ${rest}`],
      `two lines have the target ${target}, one with ${digest} and one with sha256:222`,
    ],
    [
      'one target, two sources without a digest',
      [`- ${source} ${target} ${rest}`, `- docker.io/library/other:1 ${target} ${rest}`],
      `two lines have the target ${target}`,
    ],
    ['a digest that is none', [`sha256:123 ${source} ${target} ${rest}`], 'the field digest is "sha256:123"'],
    [
      'a digest in capitals',
      [`sha256:${'A'.repeat(64)} ${source} ${target} ${rest}`],
      'the field digest is "sha256:AAA',
    ],
    [
      'a digest of another algorithm',
      [`md5:${'1'.repeat(32)} ${source} ${target} ${rest}`],
      'the field digest is "md5:',
    ],
    ['an option as the source', [`${digest} --help ${target} ${rest}`], 'the field source is "--help"'],
    ['a source without a server', [`${digest} redis:7 ${target} ${rest}`], 'the field source is "redis:7"'],
    [
      'a login in the source',
      [`${digest} user:secret@docker.io/x:1 ${target} ${rest}`],
      'the field source is missing or not valid',
    ],
    [
      'a target without a tag',
      [`${digest} ${source} r.example:5000/redis ${rest}`],
      'the field target is "r.example:5000/redis"',
    ],
    [
      'a target with a digest',
      [`${digest} ${source} r.example/redis@${digest} ${rest}`],
      'the field target is missing',
    ],
    [
      'a way out of the registry',
      [`${digest} ${source} r.example/../redis:7 ${rest}`],
      'the field target is "r.example/../',
    ],
    [
      'a login from elsewhere',
      [`${digest} ${source} ${target} ../../root - - synapse/redis`],
      'the field auth is "../../root"',
    ],
    [
      'an option as platforms',
      [`${digest} ${source} ${target} - - --os=x synapse/redis`],
      'the field platforms is "--os=x"',
    ],
    [
      'a quote in a container',
      [`${digest} ${source} ${target} - - - a/b","result":"copied`],
      'the field containers is "a/b","res',
    ],
    ['a field that is missing', [`${digest} ${source} ${target} - - -`], 'the field containers is missing'],
    ['a line that is cut', [digest], 'the field source is missing'],
    [
      'layers that are none',
      [`${digest} ${source} ${target} ${rest} layers=0123456789ab:1,x`],
      'the field 8 is "layers=0123456789ab:1,x"',
    ],
    [
      'a layer without a size',
      [`${digest} ${source} ${target} ${rest} layers=0123456789ab:`],
      'the field 8 is "layers=0123456789ab:"',
    ],
    [
      'an artifact that is no digest',
      [`${digest} ${source} ${target} ${rest} artifacts=${hex('2')}:123`],
      `the field artifacts is "artifacts=${hex('2')}:123"`,
    ],
    [
      'a kind of artifact that is not known',
      [`${digest} ${source} ${target} ${rest} artifacts=${hex('2')}:exe.${hex('3')}`],
      'the field artifacts is "artifacts=222',
    ],
    [
      'a way out of the folder of the lists',
      [`${digest} ${source} ${target} ${rest} artifacts=${hex('2')}:list.../../x`],
      'the field 8 is "artifacts=222',
    ],
    [
      'artifacts without a subject',
      [`${digest} ${source} ${target} ${rest} artifacts=${hex('3')}`],
      'the field artifacts is "artifacts=333',
    ],
    [
      'an artifact behind the list',
      [`${digest} ${source} ${target} ${rest} artifacts=${hex('2')}:list.${hex('3')}+${hex('4')}`],
      'the field artifacts is "artifacts=222',
    ],
    [
      'artifacts of an image without a source',
      [`${digest} - ${target} ${rest} artifacts=${hex('2')}:${hex('3')}`],
      'expected none for an image without a digest or source',
    ],
    [
      'a list whose file is missing',
      [`${digest} ${source} ${target} ${rest} artifacts=${hex('2')}:${hex('3')}+list.${hex('4')}`],
      `expected a file referrers/${hex('4')}.json beside the plan`,
    ],
    [
      'a list whose file has other bytes',
      [`${digest} ${source} ${target} ${rest} artifacts=${hex('2')}:${hex('3')}+list.${hex('5')}`],
      `referrers/${hex('5')}.json: FAILED; expected the bytes that the plan names`,
    ],
    ['a field too many', [`${digest} ${source} ${target} ${rest} extra=1`], 'the field 8 is "extra=1"'],
    [
      'control characters',
      [`${digest} a\u001b]0;x\u0007/b:1 ${target} ${rest}`],
      'the field source is "a]0;x/b:1"',
    ],
    [
      'a name without end',
      [`${digest} r.example/${'x'.repeat(100_000)}:1 ${target} ${rest}`],
      'the field source is "r.example/xxx',
    ],
  ];

  test.each(cases)('%s', (_, lines, message) => {
    const cwd = folder({
      'images.plan': lines.join('\n'),
      [`referrers/${hex('5')}.json`]: '{}',
      'tmp/.keep': '',
    });
    mkdirSync(join(cwd, 'bin'));
    writeFileSync(join(cwd, 'bin/skopeo'), `#!/bin/sh\n: >${cwd}/asked\nexit 1\n`, { mode: 0o755 });
    const run = spawnSync('sh', ['-c', `exec ${shell} lib/mirror/mirror.sh "$0"`, join(cwd, 'images.plan')], {
      encoding: 'utf8',
      env: { PATH: `${cwd}/bin:${process.env.PATH}`, HOME: cwd, TMPDIR: join(cwd, 'tmp') },
    });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain('the plan is not valid, so nothing was copied:\n');
    expect(run.stderr).toContain(message);
    for (const hidden of ['secret', '\u001b']) expect(run.stderr).not.toContain(hidden);
    expect(run.stderr.length).toBeLessThan(2000);
    expect(readdirSync(cwd)).not.toContain('asked');
    expect(readdirSync(join(cwd, 'tmp'))).toEqual(['.keep']);
  });

  test('of very many problems it shows some', () => {
    const cwd = folder({ 'images.plan': 'x y z - - - -\n'.repeat(1000) });
    const run = spawnSync('sh', ['-c', `exec ${shell} lib/mirror/mirror.sh "$0"`, join(cwd, 'images.plan')], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: cwd, TMPDIR: cwd },
    });
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/\n\.\.\. and \d+ more\n$/);
    expect(run.stderr.split('\n').length).toBeLessThan(30);
  });
});
