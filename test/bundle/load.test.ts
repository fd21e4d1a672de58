import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BundleLab, first, largeLayer, nginx, planDigest, second, synapse } from '../support/bundles.ts';
import { runEssAirgap, runShell } from '../support/cli-process.ts';
import { makeReferrer, pushImage } from '../support/images.ts';
import type { Run } from '../support/project.ts';

// `ess-airgap load` and load.sh into a real registry over TLS with a password. What they reject: tampered.test.ts.

let lab: BundleLab;
let made: string;
let madeSince: string;

beforeAll(async () => {
  ({ lab, made, madeSince } = await BundleLab.startWithBundles());
});
afterAll(() => lab?.stop());

/** The load.sh of the bundle in the current folder, or another; with nothing of ours. */
const loadSh = (args: string, cwd = made, env: Record<string, string> = {}): Promise<Run> =>
  runShell(`sh load.sh ${args}`, {
    cwd,
    env: { PATH: process.env.PATH ?? '', HOME: lab.directory, ...lab.pushEnv, ...env },
  });

describe('load', () => {
  test.each(['dash', 'bash --posix', 'busybox sh'])(
    'load.sh under %s, without anything of ours',
    async (shell) => {
      lab.emptyTarget();
      const moved = join(lab.directory, `moved to another ${shell}`);
      cpSync(made, moved, { recursive: true });
      const run = spawnSync(
        'sh',
        ['-c', `${shell} load.sh --digest ${planDigest(made)} --server ${lab.target.server}`],
        {
          cwd: moved,
          encoding: 'utf8',
          env: { PATH: process.env.PATH, HOME: lab.directory, ...lab.pushEnv },
        },
      );
      expect(run).toMatchObject({ status: 0 });
      expect(JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '')).toEqual({
        expected: 3,
        copied: 3,
        skipped: 0,
        failed: 0,
      });
      expect(await lab.missing(first)).toEqual([]);
    },
  );

  test('pushes every image with its digest, and then has nothing to do', async () => {
    lab.emptyTarget();
    const run = await lab.load(made);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toBe(
      `copied   ${lab.target.server}/ess/element-hq/synapse:v1
copied   ${lab.target.server}/ess/library/nginx:1.10
copied   ${lab.target.server}/ess/library/redis:7.2
3 images: 3 copied, 0 skipped, already in the registry, 0 failed
`,
    );
    expect(await lab.missing(first)).toEqual([]);
    const again = await lab.load(made, '--format', 'json');
    expect(again.status).toBe(0);
    expect(
      again.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).result),
    ).toEqual(['skipped', 'skipped', 'skipped', undefined]);
  });

  test('an artifact is carried like an image, and what it refers to does not belong to it', async () => {
    lab.emptyTarget();
    const artifact = makeReferrer(synapse, 'application/spdx+json', '{"spdxVersion":"SPDX-2.3"}');
    await pushImage(lab.source.server, 'element-hq/sbom', 'v1', artifact);
    const release = { ...first, 'extra/sbom': { path: 'element-hq/sbom', tag: 'v1', image: artifact } };
    const output = join(lab.directory, 'artifact');
    expect(await lab.bundle(release, ['--output', output])).toMatchObject({ status: 0, stderr: '' });
    expect(await lab.load(output)).toMatchObject({ status: 0, stderr: '' });
    expect(await lab.missing(release)).toEqual([]);
    lab.emptyTarget();
    expect(await loadSh(`--digest ${planDigest(output)}`, output)).toMatchObject({ status: 0 });
    expect(await lab.missing(release)).toEqual([]);
  });

  test('an image of your own is not carried, and has to be in the registry', async () => {
    lab.emptyTarget();
    const cwd = lab.projectOf(first);
    appendFileSync(
      join(cwd, 'airgap.yaml'),
      'overrides: { well_known/nginx: { repository: acme/nginx, tag: "2" } }\n',
    );
    const output = join(lab.directory, 'own');
    const made = await runEssAirgap(['bundle', '--output', output], { cwd });
    expect(made.stdout).toContain('1 own image not included: load expects them in the registry\n');
    const without = await lab.load(output);
    expect(without.status).toBe(1);
    expect(without.stdout).toContain(
      `failed   ${lab.target.server}/acme/nginx:2\n         this image of your own is not in the registry: `,
    );
    expect(without.stdout).toContain('3 images: 2 copied, 0 skipped, already in the registry, 1 failed');
    await pushImage(lab.target.server, 'acme/nginx', '2', nginx, lab.access);
    const run = await lab.load(output);
    expect(run.status).toBe(0);
    expect(run.stdout).toContain('3 images: 0 copied, 3 skipped, already in the registry, 0 failed');
  });

  test('a registry that refuses the login: exit code 1, the image and why, and no password', async () => {
    lab.emptyTarget();
    const run = await runEssAirgap(
      ['load', made, '--ca', lab.authority.caFile, '--digest', planDigest(made)],
      { cwd: lab.directory },
    );
    expect(run.status).toBe(1);
    expect(run.stdout).toContain(`failed   ${lab.target.server}/ess/library/redis:7.2\n         `);
    expect(run.stdout).toContain('authentication required');
    expect(run.stdout).toContain('3 images: 0 copied, 0 skipped, already in the registry, 3 failed');
    const json = await runEssAirgap(['load', made, '--format', 'json', '--digest', planDigest(made)], {
      cwd: lab.directory,
      env: { SSL_CERT_FILE: lab.authority.caFile },
    });
    expect(JSON.parse(json.stdout.split('\n')[0] ?? '')).toMatchObject({
      class: 'unauthorized',
      hint: expect.stringContaining('skopeo login'),
    });
  });

  test.each([
    ['that is down', 'connection', 3],
    ['whose name nobody knows', 'dns', 3],
  ])(
    'a registry %s is found by the first question: no other image is tried',
    async (_, failure, questions) => {
      const server = failure === 'dns' ? 'registry.invalid:5000' : '127.0.0.1:9';
      const dir = join(lab.directory, `no-answer-${failure}`);
      cpSync(made, dir, { recursive: true });
      const plan = join(dir, 'load.plan');
      writeFileSync(plan, readFileSync(plan, 'utf8').replaceAll(lab.target.server, server));
      const bin = join(lab.directory, `counting-${failure}`);
      mkdirSync(bin);
      const real = spawnSync('sh', ['-c', 'command -v skopeo'], { encoding: 'utf8' }).stdout.trim();
      writeFileSync(join(bin, 'skopeo'), `#!/bin/sh\necho "$*" >>'${bin}/log'\nexec ${real} "$@"\n`, {
        mode: 0o755,
      });
      const run = await loadSh(`--digest ${planDigest(dir)}`, dir, { PATH: `${bin}:${process.env.PATH}` });
      expect(run.status).toBe(1);
      const lines = run.stdout.trim().split('\n');
      const reports = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(reports.slice(0, 3).map((it) => it.class)).toEqual([failure, failure, failure]);
      expect(new Set(reports.slice(0, 3).map((it) => it.error)).size).toBe(1);
      expect(reports.at(-1)).toEqual({ expected: 3, copied: 0, skipped: 0, failed: 3 });
      const asked = readFileSync(join(bin, 'log'), 'utf8')
        .split('\n')
        .filter((line) => line.includes('inspect'));
      expect(asked).toHaveLength(questions);
    },
  );
});

describe('--since', () => {
  test('loads into a registry that has the older bundle', async () => {
    lab.emptyTarget();
    expect((await lab.load(made)).status).toBe(0);
    const run = await lab.load(madeSince);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toContain('4 images: 2 copied, 2 skipped, already in the registry, 0 failed');
    expect(await lab.missing(second)).toEqual([]);
  });

  test('without the older bundle nothing is pushed; with its folder everything is', async () => {
    lab.emptyTarget();
    const mark = lab.target.mark();
    const refused = await lab.load(madeSince);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toContain(
      `error: the layers that this bundle leaves out should be in ${lab.target.server}/ess/element-hq/synapse@${synapse.digest}: `,
    );
    expect(refused.stderr).toContain(
      'error: 3 layers are neither in the registry nor in the folder of an older bundle\n    Load the older bundle first, or name its folder after that of this bundle.\nNothing was pushed.\n',
    );
    expect(lab.target.accessLog(mark).every(({ method }) => method === 'GET')).toBe(true);

    const run = await lab.load(madeSince, made);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(await lab.missing(second)).toEqual([]);
  });

  test('a damaged layer in the older folder is found before anything is pushed', async () => {
    lab.emptyTarget();
    const old = join(lab.directory, 'damaged-old');
    cpSync(made, old, { recursive: true });
    const hex = synapse.blobs.find(({ size }) => size > 200_000)?.digest.slice(7) ?? '';
    appendFileSync(join(old, 'blobs/sha256', hex), 'x');
    const run = await lab.load(madeSince, old);
    expect(run.status).toBe(2);
    expect(run.stderr).toContain(`${hex} is damaged or not a regular file`);
    const script = await loadSh(`--digest ${planDigest(madeSince)} . ${old}`, madeSince);
    expect(script.status).toBe(2);
    expect(script.stderr).toContain(`${hex} in the folder of an older bundle is damaged`);
  });

  test('load.sh takes the layers from the older folder, too', async () => {
    lab.emptyTarget();
    const digest = `--digest ${planDigest(madeSince)}`;
    const refused = await loadSh(digest, madeSince);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toContain('error: 3 layers are neither in the registry nor in the folder');
    expect(await loadSh(`${digest} . ${made}`, madeSince)).toMatchObject({ status: 0 });
    expect(await lab.missing(second)).toEqual([]);
  });
});

describe('--split-size', () => {
  let split: string;
  beforeAll(async () => {
    split = join(lab.directory, 'split');
    const run = await lab.bundle(first, ['--output', split, '--split-size', '128KiB']);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toContain(' parts\n');
  });

  test('loads from the parts side by side, and from load.sh in the first', async () => {
    lab.emptyTarget();
    expect(await lab.load(split)).toMatchObject({ status: 0, stderr: '' });
    expect(await lab.missing(first)).toEqual([]);
    lab.emptyTarget();
    const run = spawnSync('sh', ['load.sh'], {
      cwd: join(split, 'part-001'),
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: lab.directory, ...lab.pushEnv },
    });
    expect(run.stdout).toContain('"expected":3,"copied":3,');
    expect(await lab.missing(first)).toEqual([]);
  });

  test('every damaged file is named, with the part to carry again, before anything is pushed', async () => {
    const dir = join(lab.directory, 'split-damaged');
    cpSync(split, dir, { recursive: true });
    const damaged = readdirSync(join(dir, 'part-002/blobs/sha256'))[0] ?? '';
    const missing = readdirSync(join(dir, 'part-003/blobs/sha256'))[0] ?? '';
    truncateSync(join(dir, 'part-002/blobs/sha256', damaged), 1000);
    rmSync(join(dir, 'part-003/blobs/sha256', missing));
    const mark = lab.target.mark();
    const run = await lab.load(dir);
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toMatch(
      new RegExp(
        `part-002/blobs/sha256/${damaged} has 1000 bytes; expected \\d+\n    Carry part 2 to this side again.\n`,
      ),
    );
    expect(run.stderr).toContain(
      `part-003/blobs/sha256/${missing} is missing\n    Carry part 3 to this side again.\n`,
    );
    const script = await loadSh(`--digest ${planDigest(dir)}`, join(dir, 'part-001'));
    expect(script).toMatchObject({ status: 2, stdout: '' });
    expect(script.stderr).toContain(`error: part-002/blobs/sha256/${damaged} has 1000 bytes; expected `);
    expect(script.stderr).toContain(`error: part-003/blobs/sha256/${missing} is missing\n`);
    expect(lab.target.mark()).toBe(mark);
  });
});

describe('who says that this is the bundle', () => {
  const inGroups = (digest: string): string => digest.slice(7).toUpperCase().match(/.{8}/g)?.join(' ') ?? '';

  test('the digest that was carried on paper, typed in groups', async () => {
    const digest = inGroups(planDigest(made));
    expect(await lab.loadUnchecked(made, '--digest', digest, '--dry-run')).toMatchObject({
      status: 0,
      stderr: '',
    });
    const run = await loadSh(`--digest '${digest}' --dry-run`);
    expect(run.status).toBe(0);
    expect(run.stderr).not.toContain('warning');
  });

  test('another digest, or none: rejected', async () => {
    for (const [digest, says] of [
      [`sha256:${'0'.repeat(64)}`, `load.plan has the digest ${planDigest(made)}; expected sha256:000`],
      ['latest', '--digest is not a digest; expected sha256: and 64 hexadecimal digits'],
      ['', '--digest is not a digest'],
    ]) {
      const run = await lab.loadUnchecked(made, '--digest', digest ?? '');
      expect(run).toMatchObject({ status: 2, stdout: '' });
      expect(run.stderr).toContain(says);
      const script = await loadSh(`--digest '${digest}'`);
      expect(script).toMatchObject({ status: 2, stdout: '' });
      expect(script.stderr).toContain(says);
      expect(script.stderr).toMatch(/Nothing was pushed\.\n$/);
    }
  });

  test('nobody: both say so', async () => {
    const warning = `has the digest ${planDigest(made)}.\n    Nothing shows that this is the bundle that was made. Compare this digest with the one that\n    "ess-airgap bundle" printed, or pass that one with --digest.\n`;
    const run = await lab.loadUnchecked(made, '--dry-run');
    expect(run).toMatchObject({ status: 0, stderr: `warning: ${made}/load.plan ${warning}` });
    const script = await loadSh('--dry-run');
    expect(script.stderr).toContain(`warning: load.plan ${warning}`);
  });

  test('the plan on this side, if it has every digest', async () => {
    const run = await runEssAirgap(['load', made, '--dry-run'], { cwd: lab.projectOf(first) });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    // Of two images it knows nothing.
    const { 'synapse/synapse': synapseOnly } = first;
    const some = await runEssAirgap(['load', made, '--dry-run'], {
      cwd: lab.projectOf({ 'synapse/synapse': synapseOnly as (typeof first)[string] }),
    });
    expect(some.status).toBe(0);
    expect(some.stderr).toContain('Nothing shows that this is the bundle that was made');
  });

  test('the plan on this side, if it has another digest: rejected, unless the digest is given', async () => {
    const cwd = lab.projectOf({
      ...first,
      'synapse/synapse': { path: 'element-hq/synapse', tag: 'v1', image: nginx },
    });
    const run = await runEssAirgap(['load', made, '--dry-run'], { cwd });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain(
      `load.plan has ${synapse.digest} for ${lab.target.server}/ess/element-hq/synapse:v1; the plan of airgap.yaml has ${nginx.digest}\n`,
    );
    const given = await runEssAirgap(['load', made, '--dry-run', '--digest', planDigest(made)], { cwd });
    expect(given).toMatchObject({ status: 0, stderr: '' });
  });

  test('a bundle for another registry than airgap.yaml or --server names is rejected', async () => {
    const cwd = lab.projectOf(first);
    const file = join(cwd, 'airgap.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(lab.target.server, 'registry.bank.example'));
    const digest = ['--digest', planDigest(made)];
    const mark = lab.target.mark();
    const run = await runEssAirgap(['load', made, ...digest], { cwd, env: lab.pushEnv });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain(
      `load.plan is for the registry ${lab.target.server}; airgap.yaml names registry.bank.example. Nothing was pushed.\n`,
    );
    const named = await lab.load(made, '--server', 'registry.bank.example');
    expect(named).toMatchObject({ status: 2, stdout: '' });
    expect(named.stderr).toContain('--server names registry.bank.example');
    const script = await loadSh(`${digest.join(' ')} --server registry.bank.example`);
    expect(script).toMatchObject({ status: 2, stdout: '' });
    expect(script.stderr).toContain(
      `load.plan names the registry ${lab.target.server}; expected registry.bank.example\n`,
    );
    expect(lab.target.mark()).toBe(mark);
  });
});

describe('before a push', () => {
  test('--dry-run verifies, and prints what would be pushed; no registry is asked', async () => {
    const mark = lab.target.mark();
    const expected = [
      `push    ${lab.target.server}/ess/element-hq/synapse:v1@${synapse.digest}\n`,
      `push    ${lab.target.server}/ess/library/nginx:1.10@${nginx.digest}\n`,
      '3 images would be pushed, except those that are in the registry with their digest\n',
    ];
    const run = await lab.load(made, '--dry-run');
    const script = await loadSh('--dry-run');
    for (const line of expected) expect(run.stdout).toContain(line);
    expect(script.stdout).toBe(run.stdout);
    const json = JSON.parse((await lab.load(made, '--dry-run', '--format', 'json')).stdout);
    expect(json.images.map(({ digest }: { digest: string }) => digest)).toContain(synapse.digest);
    expect(lab.target.mark()).toBe(mark);
  });

  test('load.sh --help, and what it says to those who use it wrongly', async () => {
    const help = await loadSh('--help');
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toContain('Usage: sh load.sh [OPTION...] [BUNDLE [OLDER...]]\n');
    for (const [args, says] of [
      [
        '--frob',
        'error: there is no option --frob\n    sh load.sh --help prints the options.\nNothing was pushed.\n',
      ],
      ['--digest', 'error: --digest needs a value\n    sh load.sh --help prints the options.\n'],
      ['nowhere', 'error: nowhere is not a folder\n    Name the folder of a bundle.\n'],
      ['. nowhere', 'error: nowhere is not a folder\n    Name the folder of an older bundle.\n'],
      ['blobs', 'error: blobs holds no bundle: there is no load.plan in it, nor in a part-001 in it\n'],
    ] as const) {
      const run = await loadSh(args);
      expect(run).toMatchObject({ status: 2, stdout: '' });
      expect(run.stderr).toContain(says);
    }
    const bin = join(lab.directory, 'no-skopeo');
    mkdirSync(bin);
    for (const tool of [
      'sh',
      'dirname',
      'cat',
      'mktemp',
      'sha256sum',
      'stat',
      'head',
      'tr',
      'sort',
      'uniq',
      'comm',
      'cut',
      'tail',
      'wc',
      'fold',
    ]) {
      const path = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.trim();
      writeFileSync(join(bin, tool), `#!/bin/sh\nexec ${path} "$@"\n`, { mode: 0o755 });
    }
    const without = await runShell(`PATH=${bin}; sh load.sh`, { cwd: made });
    expect(without.status).toBe(2);
    expect(without.stderr).toBe(
      'error: skopeo is not installed\n    load.sh needs coreutils and skopeo.\nNothing was pushed.\n',
    );
  });
});

describe('a medium that changes after it was verified', () => {
  /** A skopeo that first does something to the bundle, once, when an image is pushed; then it is the real one. */
  function changing(dir: string, command: string): Record<string, string> {
    const bin = join(dir, '..', `${dir.split('/').at(-1)}-bin`);
    mkdirSync(bin);
    const real = spawnSync('sh', ['-c', 'command -v skopeo'], { encoding: 'utf8' }).stdout.trim();
    writeFileSync(
      join(bin, 'skopeo'),
      `#!/bin/sh\ncase " $* " in *' copy '*) if [ ! -e '${bin}/done' ]; then : >'${bin}/done'; cd '${dir}'; ${command}; fi ;; esac\nexec ${real} "$@"\n`,
      { mode: 0o755 },
    );
    return { PATH: `${bin}:${process.env.PATH}` };
  }

  const blobs = 'blobs/sha256';
  const layer = `${blobs}/${largeLayer(synapse)}`;
  const other = (file: string): string => `head -c $(stat -c %s ${file}) /dev/zero >x && mv x ${file}`;

  test.each<[string, string, number]>([
    ['a layer', other(layer), 1],
    [
      'a layer that is now a link to other bytes',
      `${other(layer)} && mv ${layer} y && ln -s ../../y ${layer}`,
      1,
    ],
    ['a layer that is now a pipe', `rm ${layer} && mkfifo ${layer}`, 1],
    ['a layer that is gone', `rm ${layer}`, 1],
    ['an index', other(`${blobs}/${synapse.digest.slice(7)}`), 0],
    ['a manifest', other(`${blobs}/${synapse.manifests[0]?.digest.slice(7)}`), 0],
    ['load.plan', "sed -i 's/library/evil/' load.plan", 0],
  ])(
    '%s: only what was verified is pushed',
    async (name, command, status) => {
      for (const tool of ['load', 'load.sh']) {
        lab.emptyTarget();
        const dir = join(lab.directory, `changes-${name.replace(/\W/g, '-')}-${tool}`);
        cpSync(made, dir, { recursive: true });
        const env = { ...lab.pushEnv, ESS_AIRGAP_TIMEOUT_SECONDS: '5', ...changing(dir, command) };
        const digest = planDigest(made);
        const run =
          tool === 'load'
            ? await runEssAirgap(['load', dir, '--digest', digest], { cwd: lab.directory, env })
            : await loadSh(`--digest ${digest}`, dir, env);
        expect(run.status, run.stdout + run.stderr).toBe(status);
        expect(await lab.missing(first)).toEqual(status === 0 ? [] : ['synapse/synapse']);
        expect(await lab.digestOf('element-hq/synapse', 'v1')).toBe(
          status === 0 ? synapse.digest : undefined,
        );
      }
    },
    150_000,
  );
});
