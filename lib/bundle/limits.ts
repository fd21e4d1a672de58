/**
 * The most that a bundle may hold. Far above what any release has, and low enough that reading a bundle that somebody
 * made to do harm ends soon. load.sh has the same numbers; a test compares them.
 */
export const LIMITS = {
  /** Bytes of load.plan. */
  planBytes: 8 * 1024 * 1024,
  /** Lines of load.plan. */
  planLines: 100_000,
  /** Bytes of one line of load.plan: the names of some thousand containers. */
  planLineBytes: 65_536,
  /** Parts, which have three digits. */
  parts: 999,
  /** Bytes of a manifest or an index: what the OCI distribution specification wants registries to accept. */
  manifestBytes: 4 * 1024 * 1024,
  /** Bytes of all manifests together: load copies them before it checks them. */
  allManifestsBytes: 256 * 1024 * 1024,
  /** Manifests of an index, and layers of a manifest. */
  descriptors: 1000,
  /** Bytes of a configuration or a layer: more than any public registry accepts. */
  blobBytes: 64 * 1024 ** 3,
} as const;
