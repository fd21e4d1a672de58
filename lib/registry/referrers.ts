import * as z from 'zod/mini';
import { parseJson } from '../common/json.ts';
import { MEDIA_TYPE } from '../digests/artifacts.ts';
import { repositoryName } from '../image/reference.ts';
import { fallbackTag } from '../plan/referrers-list.ts';
import type { HttpResponse } from './body.ts';
import { RegistryError } from './error.ts';
import type { Deadline } from './limits.ts';
import { assertFew, readPages } from './lists.ts';
import type { Repository, Transport } from './transport.ts';

const mediaType = z.string().check(z.regex(MEDIA_TYPE));
const descriptor = z.object({
  mediaType,
  digest: z.string().check(z.regex(/^sha256:[0-9a-f]{64}$|^sha512:[0-9a-f]{128}$/)),
  size: z.int().check(z.nonnegative()),
  artifactType: z.optional(z.union([mediaType, z.literal('')])),
  annotations: z.optional(z.record(z.string(), z.string())),
});
const indexSchema = z.object({ manifests: z.nullable(z.array(descriptor)) });

/** A manifest that refers to another one (OCI image specification 1.1, "Content Descriptors"). */
export type Descriptor = z.output<typeof descriptor>;

export interface Referrers {
  /** In the registry's order, each digest once. */
  readonly descriptors: readonly Descriptor[];
  /** api: the registry has the referrers API. tag: it has not, and its clients keep an index at the fallback tag. */
  readonly from: 'api' | 'tag';
  /** The digest of the index at the fallback tag; left out if there is none, or the API answered. */
  readonly fallback?: string;
}

export interface ReferrersOptions {
  readonly artifactType?: string;
  readonly deadline: Deadline;
  /** Reads a manifest by its tag. */
  readonly atTag: (tag: string) => Promise<{ readonly digest: string; readonly bytes: Buffer } | undefined>;
}

/** What refers to a digest; see `RegistryClient.referrers`. */
export async function readReferrers(
  transport: Transport,
  image: Repository,
  digest: string,
  { artifactType, deadline, atTag }: ReferrersOptions,
): Promise<Referrers> {
  const query = artifactType ? `?${new URLSearchParams({ artifactType })}` : '';
  const pages = await readPages(transport, image, `referrers/${digest}${query}`, deadline, hasNoApi);
  const name = `${repositoryName(image)}: the referrers of ${digest}`;
  const fallback = pages ? undefined : await atTag(fallbackTag(digest));
  const lists = pages ? pages.map(({ value }) => value) : fallback ? [parseJson(fallback.bytes)] : [];
  const all = new Map<string, Descriptor>();
  for (const list of lists) {
    const parsed = indexSchema.safeParse(list);
    if (!parsed.success)
      throw new RegistryError('unexpected', `${name}: the answer is not an index of descriptors`);
    for (const one of parsed.data.manifests ?? []) all.set(one.digest, one);
  }
  assertFew(all.size, name);
  // A registry may ignore the filter.
  const wanted = [...all.values()].filter((it) => !artifactType || it.artifactType === artifactType);
  return { descriptors: wanted, from: pages ? 'api' : 'tag', ...(fallback && { fallback: fallback.digest }) };
}

/** By the specification 404; older registries say otherwise that they do not know the path, some by their web page. */
function hasNoApi({ statusCode, headers }: HttpResponse): boolean {
  if ([400, 404, 405, 501].includes(statusCode)) return true;
  return (
    statusCode === 200 &&
    !String(headers['content-type']).startsWith('application/vnd.oci.image.index.v1+json')
  );
}
