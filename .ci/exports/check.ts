import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeImage, makeReferrer, pushImage } from '../../test/support/images.ts';
import { startRegistry, tags } from '../../test/support/registry.ts';
import { digestsFileOf } from '../../test/support/release.ts';

// The plan of a release in one registry, exported, copied by regsync into another registry, and verified there.

const [work = ''] = process.argv.slice(2);
const folder = join(work, 'ess');
mkdirSync(folder, { recursive: true });

function run(program: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    input,
    env: { PATH: process.env.PATH, HOME: work, NO_COLOR: '1' },
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}
const essAirgap = (...args: readonly string[]): string =>
  run(process.execPath, [resolve('build/ess-airgap.cjs'), ...args]);

const [source, target] = await Promise.all([startRegistry(), startRegistry()]);
try {
  const images = ['synapse', 'redis', 'web'].map((name) => makeImage({ name }));
  const [synapse, redis, web] = images as [(typeof images)[0], (typeof images)[0], (typeof images)[0]];
  await pushImage(source.server, 'element-hq/synapse', '1.10', synapse);
  await pushImage(source.server, 'library/redis', '7', redis);
  await pushImage(source.server, 'element-hq/web', 'v1', web);
  // A signature of cosign 2, which is at a tag.
  const signature = makeReferrer(synapse, 'application/vnd.dev.cosign.artifact.sig.v1+json', 'signature');
  const tag = `${synapse.digest.replace(':', '-')}.sig`;
  await pushImage(source.server, 'element-hq/synapse', tag, signature);
  writeFileSync(
    join(folder, 'images_digests.yml'),
    digestsFileOf({
      'synapse/synapse': `${source.server}/element-hq/synapse:1.10@${synapse.digest}`,
      'synapse/redis': `${source.server}/library/redis:7@${redis.digest}`,
      // By its digest alone.
      'web/web': `${source.server}/element-hq/web@${web.digest}`,
    }),
  );
  writeFileSync(
    join(folder, 'airgap.yaml'),
    `apiVersion: ess-airgap/v1
registry: { server: "${target.server}", path: ess, layout: flat }
mirror: { image: "${target.server}/skopeo@${synapse.digest}", insecure: ["${source.server}", "${target.server}"] }
`,
  );

  for (const format of ['images.txt', 'regsync', 'hauler', 'zarf', 'imageset']) {
    essAirgap('plan', '--format', format, '--output', format);
    if (format !== 'regsync') process.stdout.write(run('read-exports', [format, join(folder, format)]));
  }

  // Its own parser, which prints what it has read.
  const read = run('regsync', ['config', '-c', 'regsync']);
  for (const text of [
    `${target.server}/ess/synapse:1.10`,
    `${source.server}/library/redis:7@${redis.digest}`,
  ]) {
    if (!read.includes(text)) throw new Error(`regsync did not read ${text}:\n${read}`);
  }
  const creds = [source, target]
    .map(({ server }) => `  - { registry: "${server}", tls: disabled }\n`)
    .join('');
  writeFileSync(
    join(folder, 'regsync.yaml'),
    `${readFileSync(join(folder, 'regsync'), 'utf8')}creds:\n${creds}`,
  );
  run('regsync', ['once', '-c', 'regsync.yaml']);
  const verified = essAirgap('verify');
  if (!verified.includes('3 of 3')) throw new Error(verified);
  const there = await tags(target.server, 'ess/synapse');
  if (!there.includes(tag))
    throw new Error(`regsync did not copy the signature; the tags are ${there.join(', ')}`);
  console.log('regsync: copied, verified, with the signature');
  console.log('5 passed, 0 failed');
} finally {
  await Promise.all([source.stop(), target.stop()]);
}
