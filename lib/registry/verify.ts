import type { ImageReference } from '../image/reference.ts';
import type { Relocation } from '../plan/model.ts';
import { RegistryError } from './error.ts';
import { mapBounded } from './map-bounded.ts';

/** What a registry has for one image of the plan. */
export interface Verdict {
  /** Where the image was looked for: the tag, and the digest it is to have, where the plan knows one. */
  readonly image: ImageReference & { readonly tag: string };
  /** `component/container`, in order. */
  readonly containers: readonly string[];
  /**
   * present: the tag is there and has the digest. missing: there is no such tag. different: the tag has another
   * digest. unknown: the registry could not be asked, or gave no answer that says it.
   */
  readonly result: 'present' | 'missing' | 'different' | 'unknown';
  /** The digest that the tag has; left out where there is none. */
  readonly found?: string;
  /**
   * Where the tag is missing or different: whether the image is there by its digest all the same. Nodes can pull it
   * then, until the registry's garbage collection takes what no tag names.
   */
  readonly byDigest?: boolean;
  /** Why it is unknown. */
  readonly reason?: string;
}

export interface VerifyOptions {
  /** Host[:port] that is asked, where it is not the target's own (nodes may pull from another name). */
  readonly server?: string;
  /** How many requests go out at a time. Default: 16. */
  readonly connections?: number;
  /** Called after each image. */
  readonly onVerdict?: (verdict: Verdict) => void;
}

/** What verify asks of a registry client. */
export interface DigestSource {
  digestOf(image: ImageReference, reference: string): Promise<string | undefined>;
}

/**
 * Asks the registry whether every target is there with its digest. That the tag has the digest is enough: a
 * registry takes a manifest only when everything it names is there, and where one takes less, the mirror pushes the
 * index of chosen platforms last.
 *
 * @returns a verdict for each relocation, in their order
 * @throws InputError where a credential helper fails
 */
export async function verifyRelocations(
  relocations: readonly Relocation[],
  client: DigestSource,
  { server, connections = 16, onVerdict }: VerifyOptions = {},
): Promise<Verdict[]> {
  const ask = async ({ target, containers }: Relocation): Promise<Verdict> => {
    const image = { ...target, registry: server ?? target.registry };
    const verdict = { image, containers, ...(await look(image, client)) };
    onVerdict?.(verdict);
    return verdict;
  };
  // The first goes alone: if its login is refused, the others are not tried, and no account gets locked.
  const first = await mapBounded(relocations.slice(0, 1), 1, ask);
  return [...first, ...(await mapBounded(relocations.slice(1), connections, ask))];
}

async function look(
  image: Verdict['image'],
  client: DigestSource,
): Promise<Pick<Verdict, 'result' | 'found' | 'byDigest' | 'reason'>> {
  try {
    const found = await client.digestOf(image, image.tag);
    if (found !== undefined && (image.digest === undefined || found === image.digest)) {
      return { result: 'present', found };
    }
    const byDigest = image.digest !== undefined && (await client.digestOf(image, image.digest)) !== undefined;
    return found === undefined ? { result: 'missing', byDigest } : { result: 'different', found, byDigest };
  } catch (error) {
    if (error instanceof RegistryError) return { result: 'unknown', reason: error.message };
    throw error;
  }
}
