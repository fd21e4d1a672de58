import type { Config } from '../config/schema.ts';
import { type Layer, layerName } from '../digests/layers.ts';
import { repositoryName } from '../image/reference.ts';
import type { Environment } from '../input/environment.ts';
import type { Plan } from '../plan/model.ts';
import { withRegistries } from '../registry/open.ts';
import { verifyRelocations } from '../registry/verify.ts';
import { readSize } from './size.ts';

export interface LayersOptions {
  readonly plan: Plan;
  readonly config: Config;
  /** Where credentials, certificates and proxies are named, as `process.env`. */
  readonly environment: Environment;
  /** File of PEM certificates to trust beside those of the machine. */
  readonly caFile?: string;
  readonly onProgress?: (text: string) => void;
}

/**
 * Reads the layers and configurations of the images that the target does not have, from their sources' manifests. An image
 * whose manifests cannot be read is left out: the copy says why.
 *
 * @returns all of them, the smallest too, by target as `server/repository:tag`
 * @throws InputError for credentials or certificates that cannot be read
 */
export function readLayers({
  plan,
  config,
  environment,
  caFile,
  onProgress = () => {},
}: LayersOptions): Promise<ReadonlyMap<string, readonly Layer[]>> {
  return withRegistries(
    config,
    { environment, usedBy: 'mirror', ...(caFile && { caFile }) },
    async (client) => {
      const verdicts = await verifyRelocations(plan.relocations, client);
      const missing = plan.relocations.flatMap(({ source, target, platforms }, index) => {
        if (!source || verdicts[index]?.result === 'present') return [];
        return [
          {
            name: `${repositoryName(target)}:${target.tag}`,
            image: { ...source, ...(target.digest && { digest: target.digest }) },
            ...(platforms && { platforms }),
          },
        ];
      });
      const layers = new Map<string, readonly Layer[]>();
      let read = 0;
      await readSize(missing, client, (image, blobs) => {
        onProgress(`the size of ${++read} of ${missing.length} images read`);
        if (blobs.size > 0)
          layers.set(
            image.name,
            [...blobs].map(([digest, size]) => ({ name: layerName(digest), size })),
          );
      });
      return layers;
    },
  );
}
