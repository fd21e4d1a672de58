import { createHash } from 'node:crypto';
import { formatReference } from '../image/reference.ts';
import type { Override, Relocation } from './model.ts';

/**
 * The hash of what a plan does, of nothing else: not of its findings, nor of how the inputs were written. One
 * line an override and a relocation, in their order, with spaces that no field can hold.
 */
export function hashPlan(overrides: readonly Override[], relocations: readonly Relocation[]): string {
  const hash = createHash('sha256');
  for (const { component, container, server, repository, tag, digest } of overrides) {
    hash.update(`override ${component} ${container} ${server} ${repository} ${tag} ${digest}\n`);
  }
  for (const { source, target, platforms, containers } of relocations) {
    const from = source ? formatReference(source) : '';
    const only = platforms ? ` ${platforms}` : '';
    hash.update(`relocation ${from} ${formatReference(target)} ${containers}${only}\n`);
  }
  return `sha256:${hash.digest('hex')}`;
}
