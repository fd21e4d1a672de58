import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

// The words of skopeo and registries, version by version, as they were met; `.ci/registries/error-messages` renews the table.

const rows = readFileSync('lib/mirror/faults.tsv', 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [skopeo = '', registry = '', name = '', error = ''] = line.split('\t');
    return { skopeo, registry, name, error };
  });

test('the table has two versions of skopeo, each with two of the registry', () => {
  const versions = new Set(
    rows.map(({ skopeo, registry }) => `${skopeo.split('.').slice(0, 2).join('.')} ${registry[0]}`),
  );
  expect([...versions].sort()).toEqual(['1.22 2', '1.22 3', '1.9 2', '1.9 3']);
});

test.each(['dash', 'bash --posix', 'busybox sh'])('%s: every error of the table has its class', (shell) => {
  const script = `. lib/mirror/faults.sh
at=r.example side=target overdue='' retry_after=0 LONGEST_WAIT=1 LOGIN_HELP='' CA_HELP='' INSECURE_HELP=''
while IFS= read -r error; do classify; echo "$class"; done`;
  const { stdout, stderr } = spawnSync('sh', ['-c', `exec ${shell} -c "$0"`, script], {
    encoding: 'utf8',
    input: rows.map(({ error }) => `${error}\n`).join(''),
  });
  expect(stderr).toBe('');
  const classes = stdout.trim().split('\n');
  expect(rows.map((row, index) => ({ ...row, name: classes[index] }))).toEqual(rows);
});
