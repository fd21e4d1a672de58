import * as z from 'zod/mini';
import { parseJson } from '../common/json.ts';
import { invalidAnnotationsReason, orderedAnnotations } from '../digests/artifact-annotations.ts';
import { MEDIA_TYPE } from '../digests/artifacts.ts';
import { platformName } from '../image/platform.ts';
import { INDEX_TYPES, MANIFEST_TYPES } from '../registry/media-types.ts';

const mediaType = z.string().check(z.regex(MEDIA_TYPE));
const digest = z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/));
const below = z.object({
  digest,
  platform: z.optional(
    z.nullable(z.object({ os: z.string(), architecture: z.string(), variant: z.optional(z.string()) })),
  ),
  mediaType: z.optional(z.string()),
});
const manifestSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.optional(mediaType),
  artifactType: z.optional(z.string()),
  config: z.optional(z.object({ mediaType: z.optional(z.string()) })),
  manifests: z.optional(z.nullable(z.array(below))),
  subject: z.optional(z.nullable(z.object({ digest: z.string() }))),
  annotations: z.optional(z.nullable(z.record(z.string(), z.string()))),
});

/** A manifest that an index names. */
export interface Below {
  readonly digest: string;
  /** `os/architecture` or `os/architecture/variant`, if the index says it. */
  readonly platform?: string;
  readonly isIndex: boolean;
}

/** What a manifest says of itself. */
export interface ManifestFacts {
  readonly mediaType: string;
  /** `config.mediaType` where the manifest has no artifactType of its own (OCI distribution specification 1.1). */
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The digest that it refers to. */
  readonly subject?: string;
  /** What it names, if it is an index. */
  readonly below: readonly Below[];
}

/**
 * Reads a manifest or an index.
 *
 * @param listedAs the media type that a list gives it, for a manifest that does not say it itself
 * @returns what it says, or why it cannot be used, as the end of a sentence about the manifest
 */
export function readManifestFacts(bytes: Buffer, listedAs?: string): ManifestFacts | string {
  const parsed = manifestSchema.safeParse(parseJson(bytes));
  if (!parsed.success) return 'is not a manifest of OCI or Docker';
  const { data } = parsed;
  const isIndex = Array.isArray(data.manifests);
  const type =
    data.mediaType ?? listedAs ?? `application/vnd.oci.image.${isIndex ? 'index' : 'manifest'}.v1+json`;
  if (!MANIFEST_TYPES.includes(type) || INDEX_TYPES.includes(type) !== isIndex)
    return `has the media type ${type}; expected a manifest or an index of OCI or Docker`;
  const artifactType = data.artifactType || (isIndex ? undefined : data.config?.mediaType) || undefined;
  if (artifactType !== undefined && !MEDIA_TYPE.test(artifactType))
    return 'has an artifactType that is not a media type';
  const wrong = data.annotations && invalidAnnotationsReason(data.annotations);
  if (wrong) return wrong;
  const annotations = orderedAnnotations(data.annotations ?? undefined);
  return {
    mediaType: type,
    ...(artifactType && { artifactType }),
    ...(annotations && { annotations }),
    ...(data.subject && { subject: data.subject.digest }),
    below: (data.manifests ?? []).map(({ digest, platform, mediaType }) => {
      const name = platform && platformName(platform);
      return { digest, ...(name && { platform: name }), isIndex: INDEX_TYPES.includes(mediaType ?? '') };
    }),
  };
}
