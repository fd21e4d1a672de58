import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BINARY } from '../support/cli.ts';
import { runShell } from '../support/cli-process.ts';
import { makeImage, pushImage } from '../support/images.ts';
import { manifestDigest, type Registry, startRegistry } from '../support/registry.ts';
import { digestsFileOf } from '../support/release.ts';

// Every command of docs/how-to/no-connection.md, in its order, between two real registries.

const shared = { seed: 'shared', size: 30_000 };
const synapse = makeImage({ name: 'synapse 1', layers: [shared] });
const newSynapse = makeImage({ name: 'synapse 2', layers: [shared, { seed: 'new', size: 100 }] });

let directory: string;
let source: Registry;
let target: Registry;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ess-airgap-how-to-'));
  [source, target] = await Promise.all([startRegistry(), startRegistry()]);
  await pushImage(source.server, 'element-hq/synapse', 'v1', synapse);
  await pushImage(source.server, 'element-hq/synapse', 'v2', newSynapse);
  // npx finds the binary of the package; this one has no registry of packages to ask.
  writeFileSync(join(directory, 'npx'), `#!/bin/sh\nshift\nexec '${process.execPath}' '${BINARY}' "$@"\n`, {
    mode: 0o755,
  });
  writeFileSync(
    join(directory, 'airgap.yaml'),
    `apiVersion: ess-airgap/v1
registry: { server: "${target.server}" }
mirror: { image: "x.example/skopeo:1@sha256:${'0'.repeat(64)}", insecure: ["${source.server}", "${target.server}"] }
`,
  );
});
afterAll(async () => {
  await Promise.all([source?.stop(), target?.stop()]);
  rmSync(directory, { recursive: true, force: true });
});

function release(tag: string, digest: string): void {
  const images = { 'synapse/synapse': `${source.server}/element-hq/synapse:${tag}@${digest}` };
  writeFileSync(join(directory, 'images_digests.yml'), digestsFileOf(images));
}

/** Runs the commands of a section; whoever carries a paper writes the digest on it that bundle printed. */
async function follow(section: string): Promise<void> {
  let paper = '';
  for (const [, commands = ''] of section.matchAll(/^```sh\n(.*?)^```$/gms)) {
    const withDigest = commands.includes('--digest "$digest"')
      ? `digest='${paper}'\n${commands.replace(/^digest=.*\n/m, '')}`
      : commands;
    const run = await runShell(withDigest, {
      cwd: directory,
      env: { PATH: `${directory}:${process.env.PATH}`, ESS_AIRGAP_INSECURE: target.server },
    });
    expect(run, `${withDigest}${run.stdout}${run.stderr}`).toMatchObject({ status: 0 });
    const printed = /load\.plan {2}sha256: (?<groups>.*\n.*)\n/.exec(run.stdout)?.groups?.groups;
    // The parts are another bundle of the same images; what is loaded is the first.
    if (printed && !commands.includes('--split-size')) paper = printed.trim().replace(/\s+/g, ' ');
  }
}

test('a network with no connection at all', async () => {
  const [before = '', after = ''] = readFileSync('docs/how-to/no-connection.md', 'utf8').split(
    '## The next release',
  );
  release('v1', synapse.digest);
  await follow(before);
  expect(await manifestDigest(target.server, 'element-hq/synapse', 'v1')).toBe(synapse.digest);
  release('v2', newSynapse.digest);
  await follow(after);
  expect(await manifestDigest(target.server, 'element-hq/synapse', 'v2')).toBe(newSynapse.digest);
});
