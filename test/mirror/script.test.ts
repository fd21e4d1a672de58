import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const run = (command: string) => spawnSync('sh', ['-c', command], { encoding: 'utf8' });

test('shellcheck finds nothing in the scripts, as POSIX sh', () => {
  const { stdout, status } = run(
    'shellcheck -x -s sh lib/mirror/mirror.sh lib/bundle/load.sh app.sh scripts/*.sh',
  );
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

test.each(['dash', 'bash --posix', 'busybox sh'])('%s: without a plan it says what it wants', (shell) => {
  const { stderr, status } = run(`${shell} lib/mirror/mirror.sh`);
  expect(status).toBe(2);
  expect(stderr).toContain('name at least one plan file');
});
