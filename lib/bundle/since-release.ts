import { existsSync, readFileSync, statSync } from 'node:fs';
import type { Config } from '../config/schema.ts';
import { readRelease as readDigestsFile } from '../digests/read.ts';
import { repositoryName } from '../image/reference.ts';
import type { Plan } from '../plan/model.ts';
import { makePlan } from '../plan/plan.ts';
import type { RegistryClient } from '../registry/client.ts';
import { mapBounded } from '../registry/map-bounded.ts';
import { readContents } from './contents.ts';
import type { Brought } from './load-plan.ts';
import { readOlder } from './older.ts';

export interface SinceOptions {
  readonly config: Config;
  /** The plan whose layers are to be left out. */
  readonly plan: Plan;
  readonly client: RegistryClient;
}

/**
 * What the registry on the other side has already: by an older bundle, or by the digests file of the release that it
 * was filled with, whose manifests are then read from the sources.
 *
 * @throws InputError for a file that is neither
 * @throws RegistryError where a source cannot be asked
 */
export async function readSince(path: string, options: SinceOptions): Promise<Brought[]> {
  const isBundle =
    !existsSync(path) ||
    statSync(path).isDirectory() ||
    readFileSync(path, 'utf8').startsWith('# What load.sh');
  return isBundle ? readOlder(path) : readRelease(path, options);
}

async function readRelease(path: string, { config, plan, client }: SinceOptions): Promise<Brought[]> {
  const repositories = new Set(plan.relocations.map(({ target }) => repositoryName(target)));
  const { info, images } = readDigestsFile(path);
  const older = makePlan(images, config, undefined, { info, values: [] }).relocations.filter(({ target }) =>
    repositories.has(repositoryName(target)),
  );
  const brought = await mapBounded(older, 4, async ({ source, target }): Promise<Brought[]> => {
    if (!source || !target.digest) return [];
    // An image that is gone upstream leaves nothing out: its layers are carried once more.
    const contents = await readContents({ ...source, digest: target.digest }, client);
    if (!contents) return [];
    const layers = contents.blobs.filter(({ kind }) => kind === 'layer').map(({ hex }) => hex);
    return [{ repository: repositoryName(target), digest: target.digest, layers: new Set(layers) }];
  });
  return brought.flat();
}
