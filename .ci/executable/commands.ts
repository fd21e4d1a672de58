import { spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeArtifact, makeImage, pushImage } from '../../test/support/images.ts';
import { startRegistry } from '../../test/support/registry.ts';
import { digestsFileOf } from '../../test/support/release.ts';

// Runs every command of a build of ess-airgap in an empty folder, with an empty PATH except for the tools that the
// command itself needs. A command without a case here is an error.
//   node commands.cjs EXECUTABLE [ARGUMENT...]
// With ESS_AIRGAP_ROOT and ESS_AIRGAP_IMAGE instead (a root file system, and what .ci/container/steps.ts prints), it runs the
// entry point of the image in that root, as its user and with its PATH.

interface Case {
  readonly args: readonly string[];
  /** Tools in PATH. Default: none. */
  readonly tools?: readonly string[];
  /** Default: 0. */
  readonly status?: number;
  /** What it prints on standard output. */
  readonly prints: RegExp;
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** skopeo, and what the scripts need beside it. */
const COPYING =
  'sh skopeo sha256sum cat chmod cp cut date dirname expr head ln ls mkdir mkfifo mktemp mv rm rmdir sed sleep sort stat tail touch tr uniq wc env dd od tee basename'.split(
    ' ',
  );

const { ESS_AIRGAP_ROOT: root = '', ESS_AIRGAP_IMAGE: imageFile } = process.env;
const container = imageFile === undefined ? undefined : JSON.parse(readFileSync(imageFile, 'utf8'));
const command: string[] = container
  ? ['chroot', `--userspec=${container.user}`, '--groups=', root]
  : process.argv.slice(2);
const directory = mkdtempSync(join(root, tmpdir(), 'ess-airgap-commands-'));
chmodSync(directory, 0o755);
const image = makeImage({ name: 'synapse', layers: [{ seed: 'synapse', size: 40_000 }] });
const [source, target] = await Promise.all([startRegistry(), startRegistry()]);

function run(cwd: string, { args, tools = [] }: Case): Promise<Ended> {
  if (container) {
    const inRoot = ['sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', cwd.slice(root.length)];
    const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    return start([...command, ...inRoot, ...container.entrypoint, ...args], cwd, { PATH, ...container.env });
  }
  const path = join(directory, `path-${tools.length}`);
  mkdirSync(path, { recursive: true });
  for (const tool of tools) {
    const found = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.trim();
    if (!found) throw new Error(`this machine has no ${tool}`);
    try {
      symlinkSync(found, join(path, tool));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return start([...command, ...args], cwd, { PATH: path, HOME: cwd });
}

function start(
  [executable = '', ...args]: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(executable, args, { cwd, env });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.once('error', reject).once('close', (status) => resolve({ status, stdout, stderr }));
    child.stdin.end();
  });
}

const digests = (tag: string) =>
  digestsFileOf({ 'synapse/synapse': `${source.server}/element-hq/synapse:${tag}@${image.digest}` });
const config = `apiVersion: ess-airgap/v1
namespace: element-onprem
registry: { server: "${target.server}", path: ess }
mirror:
  image: ${target.server}/skopeo@sha256:${'a'.repeat(64)}
  insecure: ["${source.server}", "${target.server}"]
`;
const signedConfig = `${config}verify:
  images: [{ match: "**", signedBy: [{ key: cosign.pub, transparencyLog: false }] }]
`;

/** A signature with a key, as cosign 2 leaves it beside an image. */
const key = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const payload = JSON.stringify({
  critical: {
    identity: { 'docker-reference': '' },
    image: { 'docker-manifest-digest': image.digest },
    type: 'cosign container image signature',
  },
  optional: null,
});
const signature = makeArtifact({
  config: 'application/vnd.oci.image.config.v1+json',
  layers: [
    {
      mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
      data: payload,
      annotations: {
        'dev.cosignproject.cosign/signature': sign('sha256', Buffer.from(payload), key.privateKey).toString(
          'base64',
        ),
      },
    },
  ],
});

const pods = {
  kind: 'Pod',
  metadata: { name: 'synapse', namespace: 'element-onprem' },
  spec: {
    containers: [{ name: 'synapse', image: `${target.server}/ess/element-hq/synapse@${image.digest}` }],
  },
};

/** In this order: load pushes what bundle wrote, and verify finds what mirror copied. */
const CASES: Readonly<Record<string, Case>> = {
  init: { args: ['init', 'registry.example.org/ess', '--config', 'new.yaml'], prints: /new\.yaml/ },
  lock: { args: ['lock', 'images_digests.yml', '--output', 'locked.yml'], prints: /locked\.yml/ },
  plan: { args: ['plan'], prints: /synapse/ },
  lint: { args: ['lint'], prints: /note|warning|no findings/ },
  diff: { args: ['diff', 'old.yml', 'images_digests.yml'], prints: /synapse/ },
  wiring: { args: ['wiring'], prints: /imagesDigestsConfigMap/ },
  report: { args: ['report'], prints: /<html/ },
  synth: { args: ['synth'], prints: /dist\/ess-mirror/ },
  preflight: { args: ['preflight'], tools: COPYING, prints: /The copy can start/ },
  mirror: { args: ['mirror'], tools: COPYING, prints: /copied/ },
  verify: { args: ['verify'], prints: /1 of 1/ },
  signatures: {
    args: ['signatures', '--config', 'signed.yaml'],
    prints: /1 of 1 image with a policy verified/,
  },
  audit: { args: ['audit', 'pods.json'], prints: /As planned/ },
  bundle: { args: ['bundle', '--output', 'bundle'], prints: /bundle/ },
  load: { args: ['load', 'bundle'], tools: COPYING, prints: /skipped|present/ },
  completion: { args: ['completion', 'bash'], prints: /complete -/ },
  help: { args: ['help', 'plan'], prints: /Usage: ess-airgap plan/ },
};

try {
  await pushImage(source.server, 'element-hq/synapse', 'v1', image);
  await pushImage(source.server, 'element-hq/synapse', `${image.digest.replace(':', '-')}.sig`, signature);
  const cwd = join(directory, 'empty');
  mkdirSync(cwd);
  if (container) {
    const [user = 0, group = 0] = container.user.split(':').map(Number);
    chownSync(cwd, user, group);
  }
  const help = await run(cwd, { args: ['--help'], prints: /Commands:/ });
  const commands = [...(help.stdout.split('Commands:')[1] ?? '').matchAll(/^ {2}([a-z][\w-]*)/gm)].map(
    ([, name = '']) => name,
  );
  const without = commands.filter((name) => !CASES[name]);
  if (commands.length === 0 || without.length > 0)
    throw new Error(`no case for: ${without.join(', ')}\n${help.stderr}`);
  writeFileSync(join(cwd, 'airgap.yaml'), config);
  writeFileSync(join(cwd, 'images_digests.yml'), digests('v1'));
  writeFileSync(join(cwd, 'signed.yaml'), signedConfig);
  writeFileSync(join(cwd, 'cosign.pub'), key.publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(join(cwd, 'old.yml'), digests('v0'));
  writeFileSync(join(cwd, 'pods.json'), JSON.stringify(pods));
  let passed = 0;
  let failed = 0;
  for (const [name, one] of Object.entries(CASES)) {
    const { status, stdout, stderr } = await run(cwd, one);
    if (status === (one.status ?? 0) && one.prints.test(stdout)) {
      passed += 1;
      continue;
    }
    failed += 1;
    console.error(`${name}: exit code ${status}\n${stdout.slice(0, 2000)}\n${stderr.slice(0, 2000)}`);
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  await Promise.all([source.stop(), target.stop()]);
  rmSync(directory, { recursive: true, force: true });
}
