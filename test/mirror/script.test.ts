import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { LOAD_SCRIPT } from '../../lib/bundle/script.ts';

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
  const { stdout, status } = spawnSync('shellcheck', ['-s', 'sh', '-'], {
    encoding: 'utf8',
    input: LOAD_SCRIPT,
  });
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

test.each(['dash', 'bash --posix', 'busybox sh'])('%s: without a plan it says what it wants', (shell) => {
  const { stderr, status } = run(`${shell} lib/mirror/mirror.sh`);
  expect(status).toBe(2);
  expect(stderr).toContain('name at least one plan file');
});
