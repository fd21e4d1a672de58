import { groupBy } from '../common/collections.ts';
import type { RecordedSignature } from '../digests/signatures.ts';
import type { ImageReference } from '../image/reference.ts';
import type { SignatureRule } from '../plan/signers.ts';
import { RegistryError } from '../registry/error.ts';
import { mapBounded } from '../registry/map-bounded.ts';
import { acceptBundle, acceptSimple } from './accept.ts';
import { type Candidate, findSignatures, type SignatureSource } from './find.ts';
import { Rejected } from './rejected.ts';
import type { Trusted } from './verify.ts';

/** An image whose signatures are to be checked. */
export interface ImageToCheck {
  /** Where its signatures are looked for, with the digest that they must be about. */
  readonly image: ImageReference;
  /** Who must have signed it; left out if no rule matches. */
  readonly rule?: SignatureRule;
}

/** A signature that was not accepted. */
export interface RejectedSignature {
  /** The digest of the manifest that holds it. */
  readonly digest: string;
  readonly reason: string;
}

/** What became of one image. */
export interface CheckedImage extends ImageToCheck {
  /**
   * verified: at least one signature is as the policy wants. rejected: it has signatures, and none is. unsigned: it has
   * none. no-policy: no rule wants one, so nothing was asked. unknown: the registry gave no answer.
   */
  readonly result: 'verified' | 'rejected' | 'unsigned' | 'no-policy' | 'unknown';
  /** Those that were accepted, by digest. */
  readonly accepted: readonly RecordedSignature[];
  readonly rejected: readonly RejectedSignature[];
  /** Why it is unknown. */
  readonly reason?: string;
}

/** Images of one server that are checked at a time. */
const CONNECTIONS = 4;

/**
 * Checks the signatures of images. Asks only the registries of images that a rule matches.
 *
 * @param onImage called after each image
 * @returns one result per image, in their order
 * @throws InputError if a credential helper fails
 */
export async function checkSignatures(
  images: readonly ImageToCheck[],
  source: SignatureSource,
  trusted: Trusted,
  onImage: (done: number, total: number) => void = () => {},
): Promise<CheckedImage[]> {
  const results = new Map<ImageToCheck, CheckedImage>();
  const check = async (image: ImageToCheck): Promise<void> => {
    results.set(image, await checkImage(image, source, trusted));
    onImage(results.size, images.length);
  };
  await Promise.all(
    [...groupBy(images, ({ image }) => image.registry).values()].map(async (group) => {
      // The first goes alone: if its login is refused, the others are not tried, and no account gets locked.
      await mapBounded(group.slice(0, 1), 1, check);
      await mapBounded(group.slice(1), CONNECTIONS, check);
    }),
  );
  return images.flatMap((image) => results.get(image) ?? []);
}

async function checkImage(
  { image, rule }: ImageToCheck,
  source: SignatureSource,
  trusted: Trusted,
): Promise<CheckedImage> {
  const checked = { image, ...(rule && { rule }), accepted: [], rejected: [] };
  if (!rule || rule.signers.length === 0) return { ...checked, result: 'no-policy' };
  const { digest } = image;
  if (!digest) return { ...checked, result: 'unknown', reason: 'the plan has no digest of it' };
  let candidates: readonly Candidate[];
  try {
    candidates = await findSignatures(image, digest, source);
  } catch (error) {
    if (error instanceof RegistryError) return { ...checked, result: 'unknown', reason: error.message };
    throw error;
  }
  const accepted: RecordedSignature[] = [];
  const rejected: RejectedSignature[] = [];
  for (const candidate of candidates) {
    try {
      const { signer, time, logged } = acceptCandidate(candidate, digest, rule, trusted);
      accepted.push({ digest: candidate.digest, signer, ...(time && { time }), logged });
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      rejected.push({ digest: candidate.digest, reason: error.message });
    }
  }
  const isUnsigned = candidates.every(({ form }) => form === 'none');
  return {
    ...checked,
    result: accepted.length > 0 ? 'verified' : isUnsigned ? 'unsigned' : 'rejected',
    accepted: distinct(accepted),
    rejected,
  };
}

function acceptCandidate(candidate: Candidate, digest: string, { signers }: SignatureRule, trusted: Trusted) {
  if (candidate.form === 'none') throw new Rejected(candidate.reason);
  return candidate.form === 'bundle'
    ? acceptBundle(candidate.bytes, digest, signers, trusted)
    : acceptSimple(candidate.bytes, candidate.annotations, digest, signers, trusted);
}

/** Ordered, each once: the order in which a registry lists signatures says nothing. */
function distinct(signatures: readonly RecordedSignature[]): RecordedSignature[] {
  const byText = new Map(signatures.map((signature) => [JSON.stringify(signature), signature]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, signature]) => signature);
}
