/** Lists of images, one per platform. */
export const INDEX_TYPES: readonly string[] = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/** What a tag or digest of an image may be: OCI image specification 1.1, and Docker's schema 2 before it. */
export const MANIFEST_TYPES: readonly string[] = [
  ...INDEX_TYPES,
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];
