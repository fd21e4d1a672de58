import { createHash } from 'node:crypto';
import type { Artifact } from '../digests/artifacts.ts';
import { formatReference } from '../image/reference.ts';
import type { Override, Relocation } from './model.ts';

/**
 * Returns the hash of a plan's overrides and relocations. Findings and the form of the inputs do not change it. It is
 * computed over one line per override and relocation, in their order, with fields separated by spaces.
 */
export function hashPlan(overrides: readonly Override[], relocations: readonly Relocation[]): string {
  const hash = createHash('sha256');
  for (const { component, container, server, repository, tag, digest } of overrides) {
    hash.update(`override ${component} ${container} ${server} ${repository} ${tag} ${digest}\n`);
  }
  for (const { source, target, platforms, artifacts = [], containers } of relocations) {
    const from = source ? formatReference(source) : '';
    const only = platforms ? ` ${platforms}` : '';
    hash.update(`relocation ${from} ${formatReference(target)} ${containers}${only}\n`);
    for (const artifact of artifacts) hash.update(`artifact ${artifactLine(artifact)}\n`);
  }
  return `sha256:${hash.digest('hex')}`;
}

/** What is copied, and how lists of referrers describe it; annotations are JSON, which has no line break. */
function artifactLine({
  digest,
  subject,
  mediaType,
  size,
  artifactType = '',
  annotations = {},
  tag = '',
}: Artifact): string {
  return `${subject} ${digest} ${mediaType} ${size} ${artifactType} ${tag} ${JSON.stringify(annotations)}`;
}
