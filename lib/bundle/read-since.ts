import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { readRelease } from '../digests/read.ts';
import { repositoryName } from '../image/reference.ts';
import { readTextFile } from '../input/file.ts';
import { InputError } from '../input/problem.ts';
import type { Plan } from '../plan/model.ts';
import { makePlan } from '../plan/plan.ts';
import type { RegistryClient } from '../registry/client.ts';
import { mapBounded } from '../registry/map-bounded.ts';
import { readContents } from './contents.ts';
import { parseLoadPlan } from './parse-load-plan.ts';
import { type Brought, broughtBy } from './since.ts';

export interface SinceOptions {
  readonly config: Config;
  /** The plan whose layers are to be left out. */
  readonly plan: Plan;
  readonly client: RegistryClient;
}

/**
 * What the registry on the other side already has: by an older bundle (its folder, or the `load.plan` from it), or by the
 * digests file of the release that it was filled with, whose manifests are then read from the sources.
 *
 * @throws InputError for a path that is neither
 * @throws RegistryError if a source cannot be asked
 */
export async function readSince(path: string, options: SinceOptions): Promise<Brought[]> {
  const what =
    'the folder of an older bundle, the load.plan from it, or the digests file of an older release';
  if (!existsSync(path)) throw new InputError([{ message: `there is no ${path}; expected ${what}` }]);
  let file = path;
  if (statSync(path).isDirectory()) {
    const found = ['load.plan', 'part-001/load.plan'].find((name) => existsSync(join(path, name)));
    if (!found) throw new InputError([{ message: `${path} holds no load.plan; expected ${what}` }]);
    file = join(path, found);
  } else if (!isLoadPlan(path)) return readOlderRelease(path, options);
  return broughtBy(parseLoadPlan(readTextFile(file, what), file));
}

function isLoadPlan(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(20);
    readSync(file, start, 0, start.length, 0);
    return /^(bundle |# What load\.sh)/.test(start.toString('latin1'));
  } finally {
    closeSync(file);
  }
}

async function readOlderRelease(path: string, { config, plan, client }: SinceOptions): Promise<Brought[]> {
  const repositories = new Set(plan.relocations.map(({ target }) => repositoryName(target)));
  const { images, ...known } = readRelease(path);
  const older = makePlan(images, config, undefined, known).relocations.filter(({ target }) =>
    repositories.has(repositoryName(target)),
  );
  const brought = await mapBounded(older, 4, async (relocation): Promise<Brought[]> => {
    const { source, target, platforms, artifacts = [] } = relocation;
    if (!source || !target.digest) return [];
    // An image that is gone upstream leaves nothing out: its layers are carried again.
    const image = await readContents({ ...source, digest: target.digest }, client, platforms);
    if (!image) return [];
    const all = [image];
    for (const { digest } of artifacts) {
      const artifact = await readContents({ ...source, digest }, client);
      if (artifact) all.push(artifact);
    }
    return all.map(({ root: { digest }, blobs }) => ({
      repository: repositoryName(target),
      digest,
      layers: new Set(blobs.filter(({ kind }) => kind === 'layer').map(({ hex }) => hex)),
    }));
  });
  return brought.flat();
}
