import type { ConfigPlace } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import type { ContainerImage } from '../../digests/container-image.ts';
import type { Finding } from '../finding.ts';
import type { Layout } from '../layout.ts';
import type { Plan, ReleaseContext, Relocation, ResolvedContainer, UncheckedPlan } from '../model.ts';
import type { Selection } from '../selection.ts';
import type { SignaturePolicy } from '../signers.ts';

/** The input of the checks. */
export interface Checked {
  readonly plan: UncheckedPlan;
  readonly context: ReleaseContext;
  readonly images: readonly ContainerImage[];
  readonly excluded: readonly ContainerImage[];
  readonly resolved: readonly ResolvedContainer[];
  readonly relocations: readonly Relocation[];
  readonly selection: Selection;
  readonly layout: Layout;
  readonly policy: SignaturePolicy;
  /** The plan of the release that is still running, if the configuration names one. */
  readonly previous?: Pick<Plan, 'overrides' | 'copyOnly'>;
  readonly config: Config;
  readonly place?: ConfigPlace;
}

/** A check: returns its findings about a plan. */
export type Check = (checked: Checked) => readonly Finding[];
