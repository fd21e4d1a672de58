import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { essAirgap, folder } from '../support/cli.ts';

const least = 'apiVersion: ess-airgap/v1\nregistry: { server: r.local }\n';

/** Paths that are not a file to read, made in a folder, and what is said of each. */
function makePaths(dir: string): (readonly [path: string, says: string])[] {
  mkdirSync(`${dir}/directory`);
  execFileSync('mkfifo', [`${dir}/fifo`]);
  symlinkSync('loop-b', `${dir}/loop-a`);
  symlinkSync('loop-a', `${dir}/loop-b`);
  symlinkSync('fifo', `${dir}/link-to-fifo`);
  writeFileSync(`${dir}/large`, Buffer.alloc(9 * 1024 * 1024, 'a'));
  writeFileSync(`${dir}/latin1`, Buffer.from([0x61, 0xe4, 0x0a]));
  return [
    ['nowhere', 'the file does not exist'],
    ['directory', 'this is a directory'],
    ['fifo', 'this is not a regular file'],
    ['link-to-fifo', 'this is not a regular file'],
    ['/dev/zero', 'this is not a regular file'],
    ['/dev/null', 'this is not a regular file'],
    ['loop-a', 'the path has a loop of symbolic links'],
    ['large/below', 'a component of the path is not a directory'],
    ['x'.repeat(300), 'the file name is too long'],
    ['x/'.repeat(5000), 'the file name is too long'],
    ['large', 'the file has 9437184 bytes; expected'],
    ['latin1', 'the file is not UTF-8 text'],
  ];
}

describe('each file that a command reads: what is no file to read is said with its place', () => {
  const readers: [string, (path: string) => [string[], Record<string, string>]][] = [
    ['the configuration', (path) => [['plan', '--config', path], {}]],
    [
      'the digests file',
      (path) => [['plan'], { 'airgap.yaml': `${least}digests: ${JSON.stringify(path)}\n` }],
    ],
    ['a release', (path) => [['diff', path, 'images_digests.yml'], {}]],
    ['a release of a report', (path) => [['report', '--since', path], { 'airgap.yaml': least }]],
    ['the digests file of init', (path) => [['init', 'r.local', '-c', 'new.yaml', '-d', path], {}]],
    ['certificates', (path) => [['verify', '--ca', path], { 'airgap.yaml': least }]],
  ];
  test.each(readers)('%s', (_, commandOf) => {
    const dir = folder({ 'images_digests.yml': { from: 'images_digests.yml' } });
    for (const [path, says] of makePaths(dir)) {
      const [args, files] = commandOf(path);
      for (const [name, text] of Object.entries(files)) writeFileSync(`${dir}/${name}`, text);
      const { status, stdout, stderr } = essAirgap(args, { cwd: dir });
      expect([path.slice(0, 20), status, stdout]).toEqual([path.slice(0, 20), 2, '']);
      expect(stderr).toContain(':1:1: error: ');
      expect(stderr).toContain(says);
      expect(stderr.length).toBeLessThan(4000);
    }
  });

  test('a NUL in the name of the digests file', () => {
    const cwd = folder({ 'airgap.yaml': `${least}digests: "a\\0b"\n` });
    expect(essAirgap(['plan'], { cwd }).stderr).toContain(
      'a\\u0000b:1:1: error: the path contains a NUL character',
    );
  });
});

test('a file of /proc, which says that it is empty, is read', () => {
  const { status, stderr } = essAirgap(['plan', '--config', '/proc/self/status']);
  expect(status).toBe(2);
  expect(stderr).toContain('unknown key "Name"');
});

describe('a file of a commit', () => {
  test.each([
    ['git:HEAD:nowhere.yml', "git has no such file: path 'nowhere.yml' does not exist in 'HEAD'"],
    ['git:HEAD:lib', 'git has no such file: it is a folder'],
    ['git:nothing:package.json', "git has no such file: invalid object name 'nothing'."],
    ['git:--help:package.json', "git has no such file: invalid object name '--help'."],
    [
      `git:HEAD:${'x'.repeat(5000)}`,
      'has no such file: the name contains a NUL character or more than 4096 characters',
    ],
    [`git:${'x'.repeat(3000)}:y`, 'git has no such file: '],
  ])('%#', (path, says) => {
    const { status, stdout, stderr } = essAirgap(['diff', path, 'images_digests.yml'], { cwd: '.' });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(says);
    expect(stderr.length).toBeLessThan(6000);
  });

  test('outside of a repository', () => {
    const cwd = folder({ 'images_digests.yml': { from: 'images_digests.yml' } });
    const run = essAirgap(['diff', 'git:HEAD:x.yml', 'images_digests.yml'], { cwd });
    expect(run.status).toBe(2);
    expect(run.stderr).toContain('not a git repository');
  });
});
