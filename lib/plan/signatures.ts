import { count } from '../common/text.ts';
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

/** A signature that was accepted, for scripts. */
export function signatureValue({ digest, signer, time, logged }: RecordedSignature): object {
  return { digest, ...signer, ...(time && { time }), transparencyLog: logged };
}

/** Images of a plan by what is known of their signatures; undefined if the configuration has no `verify`. */
function signatureTotals(
  relocations: readonly Relocation[],
): { readonly verified: number; readonly missing: number; readonly withoutPolicy: number } | undefined {
  const known = relocations.flatMap(({ signatures }) => signatures ?? []);
  if (known.length === 0) return undefined;
  const missing = known.filter(lacksSignature).length;
  const withoutPolicy = known.filter(({ policy }) => policy === undefined).length;
  return { verified: known.length - missing - withoutPolicy, missing, withoutPolicy };
}

/** The same in words. */
export function describeSignatures(relocations: readonly Relocation[]): string | undefined {
  const totals = signatureTotals(relocations);
  if (!totals) return undefined;
  const { verified, missing, withoutPolicy } = totals;
  return [
    `${count(verified, 'image')} with a recorded signature that verify accepts`,
    ...(missing > 0 ? [`${missing} without one that verify wants`] : []),
    ...(withoutPolicy > 0 ? [`${withoutPolicy} without a policy, not verified`] : []),
  ].join(', ');
}
