import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BINARY } from '../support/cli.ts';
import { runShell } from '../support/cli-process.ts';
import { makeImage, pushImage } from '../support/images.ts';
import { PAGES_WITH_REGISTRIES, shownIn } from '../support/pages.ts';
import {
  createCertificateAuthority,
  manifestDigest,
  type Registry,
  startRegistry,
} from '../support/registry.ts';
import { digestsFileOf } from '../support/release.ts';

// Every `sh` block of the pages whose commands ask registries, in its order, between two real registries. The pages name
// registry.example.org; here the target has its own host and port.

const SHOWN = 'registry.example.org';
const shared = { seed: 'shared', size: 30_000 };
const images = ['synapse', 'element-web', 'haproxy'].map((name) => ({
  name,
  old: makeImage({ name: `${name} 1`, layers: [shared] }),
  new: makeImage({ name: `${name} 2`, layers: [shared, { seed: name, size: 100 }] }),
}));

const directory = mkdtempSync(join(tmpdir(), 'ess-airgap-how-to-'));
const ca = createCertificateAuthority(join(directory, 'ca'));
let source: Registry;

beforeAll(async () => {
  source = await startRegistry({ tls: ca });
  for (const image of images) {
    await pushImage(source.server, `element-hq/${image.name}`, 'old', image.old, { ca: ca.ca });
    await pushImage(source.server, `element-hq/${image.name}`, 'new', image.new, { ca: ca.ca });
  }
  symlinkSync(BINARY, join(directory, 'ess-airgap'));
});
afterAll(async () => {
  await source?.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** An empty folder with the release's digests file, and an empty registry. */
async function start(release: 'old' | 'new') {
  const target = await startRegistry({ tls: ca });
  const cwd = mkdtempSync(join(directory, 'user-'));
  const use = (tag: 'old' | 'new'): void => {
    const references = images.map(({ name, [tag]: image }) => [
      `synapse/${name}`,
      `${source.server}/element-hq/${name}:${tag}@${image.digest}`,
    ]);
    writeFileSync(join(cwd, 'images_digests.yml'), digestsFileOf(Object.fromEntries(references)));
  };
  use(release);
  let digest = '';
  /** Runs commands; whoever carries a paper writes the digest on it that bundle printed. */
  const run = async (commands: string): Promise<string> => {
    const script = commands.replaceAll(SHOWN, target.server).replace(/^digest='.*'$/m, '');
    const ended = await runShell(`exec 2>&1\ndigest='${digest}'\n${script}`, {
      cwd,
      env: { PATH: `${directory}:${process.env.PATH}`, SSL_CERT_FILE: ca.caFile },
    });
    expect(ended, `${script}${ended.stdout}`).toMatchObject({ status: 0 });
    const printed = /load\.plan {2}sha256: (.*\n.*)\n/.exec(ended.stdout)?.[1];
    // The parts are another bundle of the same images; what is loaded is the first.
    if (printed && !script.includes('--split-size')) digest = printed.trim().replace(/\s+/g, ' ');
    return ended.stdout.replaceAll(target.server, SHOWN);
  };
  /** Follows a page and compares what its `text` blocks show. */
  const follow = async (page: string): Promise<void> => {
    let printed = '';
    for (const [, language, text = ''] of readFileSync(page, 'utf8').matchAll(
      /^```(sh|text)\n(.*?)^```$/gms,
    )) {
      if (language === 'sh') printed = await run(text);
      else expect(printed).toMatch(shownIn(text));
    }
  };
  const hasAll = async (tag: 'old' | 'new', path: string): Promise<void> => {
    for (const { name, [tag]: image } of images)
      expect(await manifestDigest(target.server, `${path}element-hq/${name}`, tag, { ca: ca.ca })).toBe(
        image.digest,
      );
  };
  return { target, use, follow, hasAll };
}

test.each(PAGES_WITH_REGISTRIES.filter((page) => page.startsWith('docs/tutorial/')))('%s', async (page) => {
  const { target, follow, hasAll } = await start('old');
  await follow(page);
  await hasAll('old', 'ess/');
  await target.stop();
});

test('docs/how-to/bundle.md, after the tutorial', async () => {
  const { target, use, follow, hasAll } = await start('old');
  await follow('docs/tutorial/bundle.md');
  use('new');
  await follow('docs/how-to/bundle.md');
  await hasAll('new', 'ess/');
  await target.stop();
});
