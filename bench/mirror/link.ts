// How often the bytes of a release cross the link from its source: what the source was asked for, divided by the bytes of
// all distinct layers and configurations, for several numbers of images at once. Counts are not a matter of speed, so this
// can run on a busy machine.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { layerName, MIN_LAYER_BYTES } from '../../lib/digests/layers.ts';
import { type Image, makeImage, pushImage } from '../../test/support/images.ts';
import { manifestDigest, startRegistry } from '../../test/support/registry.ts';
import { distant } from './distant.ts';

const FAMILIES = 8;
const PER_FAMILY = 5;
const PARALLEL = [1, 4, 8, 16];
const DISTANCE = 40;

interface Published {
  readonly repository: string;
  readonly image: Image;
}

/**
 * As in a release: images that are built together share a base. Some of them share a runtime too, and one base is used
 * by two families, which only their layers show.
 */
function makeImages(): Published[] {
  return Array.from({ length: FAMILIES * PER_FAMILY }, (_, n) => {
    const family = n % FAMILIES;
    const member = Math.floor(n / FAMILIES);
    const image = makeImage({
      name: `link ${n}`,
      layers: [
        { seed: `base ${family === 1 ? 0 : family}`, size: 3_000_000, perArchitecture: true },
        { seed: `runtime ${family} ${member % 2}`, size: 1_500_000, perArchitecture: true },
        { seed: `application ${n}`, size: 400_000 },
        { seed: `binary ${n}`, size: 200_000, perArchitecture: true },
      ],
    });
    return { repository: `team-${family}/image-${member}`, image };
  });
}

/** What a plan says of layers: nothing, those that `lock --sizes` writes into a lock, or all, as `mirror --sizes` finds. */
const KNOWN = { nothing: Number.POSITIVE_INFINITY, larger: MIN_LAYER_BYTES, all: 0 };

function layersOf(image: Image, known: keyof typeof KNOWN): string {
  const layers = image.blobs.filter(({ size }) => size >= KNOWN[known]);
  if (layers.length === 0) return '';
  return ` layers=${layers.map(({ digest, size }) => `${layerName(digest)}:${size}`).join(',')}`;
}

const directory = mkdtempSync(join(tmpdir(), 'ess-airgap-link-'));
const images = makeImages();
const sizes = new Map(images.flatMap(({ image }) => image.blobs.map(({ digest, size }) => [digest, size])));
const unique = [...sizes.values()].reduce((sum, size) => sum + size, 0);
const registry = await startRegistry();
for (const { repository, image } of images) await pushImage(registry.server, repository, 'v1', image);
const source = await distant(registry.server, DISTANCE);

/** The bytes of blobs that one run asks the source for. */
async function run(parallel: number, known: keyof typeof KNOWN): Promise<number> {
  const folder = join(directory, `${parallel} ${known}`.replace(' ', '-'));
  mkdirSync(join(folder, 'home'), { recursive: true });
  const target = await startRegistry();
  const lines = images.map(
    ({ repository, image }, n) =>
      `${image.digest} ${source.server}/${repository}:v1 ${target.server}/${repository}:v1 - - - c${n}/x${layersOf(image, known)}\n`,
  );
  writeFileSync(join(folder, 'images.plan'), lines.join(''));
  const mark = registry.mark();
  const child = spawn('sh', [resolve('lib/mirror/mirror.sh'), join(folder, 'images.plan')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: join(folder, 'home'),
      TMPDIR: folder,
      // skopeo as root has its cache elsewhere, for all of the runs.
      XDG_DATA_HOME: join(folder, 'home/data'),
      ESS_AIRGAP_PARALLEL: String(parallel),
      ESS_AIRGAP_INSECURE: `${source.server} ${target.server}`,
    },
  });
  const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  if (status !== 0) throw new Error(`exit code ${status}\n${stderr.slice(-2000)}`);
  for (const { repository, image } of images) {
    if ((await manifestDigest(target.server, repository, 'v1')) !== image.digest) throw new Error(repository);
  }
  await target.stop();
  return registry
    .accessLog(mark)
    .filter(({ method, path, status }) => method === 'GET' && status === 200 && path.includes('/blobs/'))
    .reduce((sum, { path }) => sum + (sizes.get(path.split('/').at(-1) ?? '') ?? 0), 0);
}

const rows: string[] = [];
for (const parallel of PARALLEL) {
  const cells = [];
  for (const known of ['nothing', 'larger', 'all'] as const)
    cells.push(((await run(parallel, known)) / unique).toFixed(2));
  rows.push(`| ${parallel} | ${cells.join(' | ')} |`);
  console.error(rows.at(-1));
}
await source.stop();
await registry.stop();
rmSync(directory, { recursive: true, force: true });

console.log(`# How often a layer crosses the link

\`sh bench/mirror/run.sh link > bench/mirror/link.md\`

${images.length} images of two platforms in ${FAMILIES} folders, ${Math.round(unique / 1e6)} MB of distinct blobs, from a source ${DISTANCE} ms away. The images of a
folder share a base and some of them a runtime; two folders share one base. The figures are the bytes that the source
was asked for, divided by the distinct bytes: 1.00 is the least possible.

| images at once | nothing | layers of 1 MB and more | all layers |
|---|---|---|---|
${rows.join('\n')}

The columns are what the plan knows. Nothing: the first image of each source folder goes ahead; what two folders share, or only
some images of one, can still cross twice. Layers of 1 MB and more: the plan of the Job, if the digests file was made with
\`ess-airgap lock --sizes\`. All layers: \`ess-airgap mirror --sizes\`.
`);
