import { isObject } from '../common/collections.ts';
import { count } from '../common/text.ts';
import { formatReference } from '../image/reference.ts';
import type { Relocation } from '../plan/model.ts';
import { signatureValue } from '../plan/signatures.ts';

/** What `ess-airgap signatures` found of one image. */
export interface SignatureResult {
  /** The server that was asked; upstream: the registry that the image comes from. */
  readonly from: string;
  readonly result: string;
  readonly accepted: readonly unknown[];
  readonly rejected: readonly unknown[];
  readonly reason?: string;
}

/** The signatures of an image of the plan. */
export interface SignatureEvidence {
  /** The glob of the rule that wants a signature; null if none does: the image has no policy. */
  readonly policy: string | null;
  /** The signatures that were accepted when the digests file was written. */
  readonly recorded: readonly object[];
  /** What was found afterwards, in the local registry if that was asked. Left out if no result is about it. */
  readonly checked?: SignatureResult;
}

/** The results of `ess-airgap signatures --format json`, by image; undefined if a document is something else. */
export function readSignatureResults(
  document: Record<string, unknown>,
): [image: string, result: SignatureResult][] | undefined {
  const { from, signatures } = document;
  if (typeof from !== 'string' || !Array.isArray(signatures)) return undefined;
  return signatures.flatMap((one): [string, SignatureResult][] => {
    if (!isObject(one) || typeof one.image !== 'string' || typeof one.result !== 'string') return [];
    const { image, result, accepted, rejected, reason } = one;
    return [
      [
        image,
        {
          from,
          result,
          accepted: Array.isArray(accepted) ? accepted : [],
          rejected: Array.isArray(rejected) ? rejected : [],
          ...(typeof reason === 'string' && { reason }),
        },
      ],
    ];
  });
}

/** The signatures of an image; undefined if the configuration has no `verify`. */
export function signatureEvidence(
  { source, target, signatures }: Relocation,
  server: string,
  results: ReadonlyMap<string, SignatureResult>,
): SignatureEvidence | undefined {
  if (!signatures) return undefined;
  const { registry, repository, digest } = target;
  const names = [
    ...[server, registry].map((host) =>
      formatReference({ registry: host, repository, ...(digest && { digest }) }),
    ),
    ...(source ? [formatReference(source)] : []),
  ];
  const checked = names.map((name) => results.get(name)).find((result) => result !== undefined);
  return {
    policy: signatures.policy ?? null,
    recorded: signatures.accepted.map(signatureValue),
    ...(checked && { checked }),
  };
}

/** What signatures say against a release. */
export function reasonsAgainstSignatures(
  images: readonly { readonly signatures?: SignatureEvidence }[],
): string[] {
  const wrong = images.filter(
    ({ signatures }) =>
      signatures?.policy != null && ['rejected', 'unsigned'].includes(signatures.checked?.result ?? ''),
  ).length;
  if (wrong === 0) return [];
  return [`${count(wrong, 'image')} of the plan ${wrong === 1 ? 'is' : 'are'} not signed as verify wants`];
}
