import * as z from 'zod/mini';
import { parseJson } from '../common/json.ts';
import type { Manifest } from '../registry/client.ts';
import { RegistryError } from '../registry/error.ts';
import type { Referrers } from '../registry/referrers.ts';
import type { Repository } from '../registry/transport.ts';
import { SIGN_PREDICATE } from './payload.ts';
import { SIMPLE_SIGNING_TYPE } from './simple-signing.ts';

/** What finding signatures asks of a registry client. */
export interface SignatureSource {
  referrers(image: Repository, digest: string): Promise<Referrers>;
  manifest(image: Repository, reference: string): Promise<Manifest | undefined>;
  readBlob(image: Repository, digest: string, limit: number): Promise<Buffer>;
}

/** A signature that an image has, as the registry serves it; or why it cannot be one. */
export type Candidate = {
  /** The digest of the manifest that holds it. */
  readonly digest: string;
} & (
  | { readonly form: 'bundle'; readonly bytes: Buffer }
  | {
      readonly form: 'simple';
      readonly bytes: Buffer;
      readonly annotations: Readonly<Record<string, string>>;
    }
  | { readonly form: 'none'; readonly reason: string }
);

/** Signatures of one image that are looked at. */
export const MAX_SIGNATURES = 100;
/** The largest bundle or payload of a signature, in bytes; a real one has some 10 KB. */
const MAX_SIGNATURE_BYTES = 1024 * 1024;

const BUNDLE_TYPE = /^application\/vnd\.dev\.sigstore\.bundle[.+;]/;
const COSIGN_SIGNATURE_TYPE = 'application/vnd.dev.cosign.artifact.sig.v1+json';
/** What a list of referrers has for artifacts whose manifest does not say what it is. */
const UNTYPED = ['', 'application/vnd.oci.empty.v1+json', 'application/vnd.oci.image.config.v1+json'];
const PREDICATE_TYPE = 'dev.sigstore.bundle.predicateType';

const annotations = z.optional(z.record(z.string(), z.string()));
const manifestSchema = z.object({
  layers: z.array(
    z.object({
      mediaType: z.string(),
      digest: z.string(),
      size: z.int().check(z.nonnegative()),
      annotations,
    }),
  ),
  annotations,
});

/**
 * Finds the signatures of an image: bundles that refer to it (cosign 3), and what is at the tag `sha256-<hex>.sig`
 * (cosign 2). Attestations and SBOMs are not signatures; an attestation in a bundle comes as one that is none.
 *
 * @throws RegistryError if the registry gives no usable answer
 */
export async function findSignatures(
  image: Repository,
  digest: string,
  source: SignatureSource,
): Promise<Candidate[]> {
  const found: Candidate[] = [];
  const { descriptors } = await source.referrers(image, digest);
  for (const { digest: artifact, artifactType = '' } of descriptors) {
    const isKnown = BUNDLE_TYPE.test(artifactType) || artifactType === COSIGN_SIGNATURE_TYPE;
    if (!isKnown && !UNTYPED.includes(artifactType)) continue;
    found.push(...(await readManifest(image, artifact, source, isKnown)));
    if (found.length > MAX_SIGNATURES) throw tooMany(image, digest);
  }
  found.push(...(await readManifest(image, `${digest.replace(':', '-')}.sig`, source, false)));
  if (found.length > MAX_SIGNATURES) throw tooMany(image, digest);
  return found;
}

function tooMany({ registry, repository }: Repository, digest: string): RegistryError {
  return new RegistryError(
    'unexpected',
    `${registry}/${repository}@${digest} has more than ${MAX_SIGNATURES} signatures`,
  );
}

/** The signatures in one manifest; none if it is not there, or holds something else. */
async function readManifest(
  image: Repository,
  reference: string,
  source: SignatureSource,
  expected: boolean,
): Promise<Candidate[]> {
  const manifest = await source.manifest(image, reference);
  if (!manifest) {
    if (!expected) return [];
    return [
      { digest: reference, form: 'none', reason: 'the list of referrers names it, and it is not there' },
    ];
  }
  const { digest } = manifest;
  const parsed = manifestSchema.safeParse(parseJson(manifest.bytes));
  const layers = parsed.success ? parsed.data.layers : [];
  const signed = layers.filter(
    ({ mediaType }) => mediaType === SIMPLE_SIGNING_TYPE || BUNDLE_TYPE.test(mediaType),
  );
  if (signed.length === 0)
    return expected ? [{ digest, form: 'none', reason: 'its manifest has no signature in it' }] : [];
  const predicateType = parsed.data?.annotations?.[PREDICATE_TYPE] ?? SIGN_PREDICATE;
  if (predicateType !== SIGN_PREDICATE) {
    const type = JSON.stringify(predicateType.slice(0, 120));
    return [{ digest, form: 'none', reason: `it is an attestation of the type ${type}, not a signature` }];
  }
  const candidates: Candidate[] = [];
  for (const layer of signed.slice(0, MAX_SIGNATURES + 1)) {
    if (layer.size > MAX_SIGNATURE_BYTES) {
      candidates.push({ digest, form: 'none', reason: `it has more than ${MAX_SIGNATURE_BYTES} bytes` });
      continue;
    }
    const bytes = await source.readBlob(image, layer.digest, MAX_SIGNATURE_BYTES);
    candidates.push(
      layer.mediaType === SIMPLE_SIGNING_TYPE
        ? { digest, form: 'simple', bytes, annotations: layer.annotations ?? {} }
        : { digest, form: 'bundle', bytes },
    );
  }
  return candidates;
}
