import { createHash } from 'node:crypto';
import { groupBy } from '../common/collections.ts';
import type { Artifact } from '../digests/artifacts.ts';

export const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';

/**
 * The list of what refers to one digest, as clients keep it in a registry without the referrers API: an index at a tag
 * made of the digest (OCI distribution specification 1.1, "Referrers Tag Schema").
 */
export interface ReferrersList {
  readonly subject: string;
  /** `sha256-<hex of subject>`. */
  readonly tag: string;
  /** In the order of the lock; at least one. */
  readonly artifacts: readonly Artifact[];
  /** The index as it is pushed. */
  readonly bytes: string;
  /** Of the bytes. */
  readonly digest: string;
}

/** The tag at which clients keep the list of referrers of a digest. */
export function fallbackTag(digest: string): string {
  return digest.replace(':', '-').slice(0, 128);
}

/**
 * The lists of referrers that a registry without the API needs for the artifacts of one image: one for each subject, in
 * the order of its first artifact. Artifacts of cosign 2 have tags of their own and are in none.
 */
export function referrersLists(artifacts: readonly Artifact[]): ReferrersList[] {
  const referrers = artifacts.filter(({ tag }) => tag === undefined);
  return [...groupBy(referrers, ({ subject }) => subject)].map(([subject, group]) => {
    const bytes = renderReferrersIndex(group);
    return {
      subject,
      tag: fallbackTag(subject),
      artifacts: group,
      bytes,
      digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
    };
  });
}

/** The index of referrers of one subject: the same artifacts in the same order give the same bytes. */
export function renderReferrersIndex(artifacts: readonly Artifact[]): string {
  const manifests = artifacts.map(({ mediaType, digest, size, artifactType, annotations }) => ({
    mediaType,
    digest,
    size,
    ...(artifactType && { artifactType }),
    ...(annotations && { annotations }),
  }));
  return JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests });
}
