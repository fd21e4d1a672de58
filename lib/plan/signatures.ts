import type { Config } from '../config/schema.ts';
import { artifactsKey } from '../digests/artifacts.ts';
import type { RecordedSignature } from '../digests/signatures.ts';
import type { PlannedSignatures, ReleaseContext, Relocation } from './model.ts';
import { isAccepted, type SignaturePolicy } from './signers.ts';

type Known = Pick<ReleaseContext, 'signatures' | 'keys'>;

/** What the lock has recorded of the signatures of an image. */
export function recordedSignatures(
  { source }: Pick<Relocation, 'source'>,
  { signatures }: Known,
): readonly RecordedSignature[] {
  const key = source && artifactsKey(source);
  return (key !== undefined && signatures?.get(key)) || [];
}

/** The relocations with their recorded signatures that the policy accepts; as they are without a policy. */
export function withSignatures(
  relocations: readonly Relocation[],
  policy: SignaturePolicy,
  known: Known,
  config: Config,
): readonly Relocation[] {
  if (!config.verify) return relocations;
  return relocations.map((relocation): Relocation => {
    const rule = relocation.source && policy.ruleFor(relocation.source);
    if (!rule || rule.signers.length === 0) return { ...relocation, signatures: { accepted: [] } };
    const accepted = recordedSignatures(relocation, known).filter((signature) =>
      isAccepted(signature, rule, known.keys ?? new Map()),
    );
    return { ...relocation, signatures: { policy: rule.match, accepted } };
  });
}

/** Whether a policy wants a signature and none is recorded that it accepts. */
export function lacksSignature(signatures: PlannedSignatures | undefined): boolean {
  return signatures?.policy !== undefined && signatures.accepted.length === 0;
}
