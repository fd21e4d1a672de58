import type { Config } from '../config/schema.ts';
import type { ImageReference } from '../image/reference.ts';
import { GlobBudget } from '../input/glob.ts';
import type { Relocation } from '../plan/model.ts';
import { SignaturePolicy } from '../plan/signers.ts';
import type { ImageToCheck } from './check.ts';

/** An image of a plan whose signatures are to be checked. */
export interface PlannedImage extends ImageToCheck {
  /** The image upstream, which the rules are about. */
  readonly source: ImageReference;
  /** `component/container`, in order. */
  readonly containers: readonly string[];
}

/**
 * The images of a plan with the rules that match them. Images of the user's own, which are in the registry already, have
 * no upstream and are left out.
 *
 * @param server looks for the signatures in the local registry, on this server. Default: upstream
 */
export function imagesToCheck(
  relocations: readonly Relocation[],
  config: Config,
  server?: string,
): PlannedImage[] {
  const policy = new SignaturePolicy(config, new GlobBudget());
  return relocations.flatMap(({ source, target, containers }) => {
    if (!source) return [];
    const rule = policy.ruleFor(source);
    const image =
      server === undefined
        ? source
        : {
            registry: server,
            repository: target.repository,
            ...(target.digest && { digest: target.digest }),
          };
    return { source, image, containers, ...(rule && { rule }) };
  });
}
