import { count } from '../../common/text.ts';
import type { Artifact, Artifacts } from '../../digests/artifacts.ts';
import { shortDigest } from '../../image/reference.ts';
import type { ArtifactComparison } from '../../release/artifacts.ts';
import type { Colors } from '../terminal.ts';

/** Names of the tags of cosign 2, by their last part. */
const COSIGN = { sig: 'signature', att: 'attestation', sbom: 'SBOM' } as const;

/** What an artifact is, for people: `application/spdx+json sha256:0123…`. */
export function describeArtifact({
  digest,
  subject,
  artifactType,
  mediaType,
  tag,
  platform,
}: Artifact): string {
  const suffix = tag?.split('.')[1] as keyof typeof COSIGN | undefined;
  const what = suffix ? `${COSIGN[suffix]} at the cosign tag` : (artifactType ?? mediaType);
  return `${what} ${shortDigest(digest)} of ${platform ?? shortDigest(subject)}`;
}

/** `5 signatures, attestations and SBOMs`: how many a list of lists has. */
export function countArtifacts(lists: Iterable<readonly Artifact[]>): number {
  return [...lists].reduce((sum, { length }) => sum + length, 0);
}

/** `, 5 artifacts of 2 images`: what a lock knows of the artifacts of its images; empty if nothing. */
export function artifactsSummary(artifacts: Artifacts): string {
  if (artifacts.size === 0) return '';
  const all = countArtifacts(artifacts.values());
  if (all === 0) return ', no signatures, attestations or SBOMs';
  const having = [...artifacts.values()].filter(({ length }) => length > 0).length;
  return `, ${count(all, 'artifact')} (signatures, attestations, SBOMs) for ${count(having, 'image')}`;
}

/** What became of the artifacts of images, a line or more for each image. */
export function artifactChangeLines(
  { changed, nowKnown, noLongerKnown, unsigned }: ArtifactComparison,
  colors: Colors,
): string[] {
  return [
    ...changed.flatMap(({ image, added, removed }) => [
      colors.yellow(`~ artifacts of ${shortName(image)}`),
      ...removed.map((artifact) => colors.red(`    - ${describeArtifact(artifact)}`)),
      ...added.map((artifact) => colors.green(`    + ${describeArtifact(artifact)}`)),
    ]),
    ...unsigned.map(({ before, after }) =>
      colors.red(`! ${shortName(after)} has no signature; ${shortName(before)} had one`),
    ),
    ...(nowKnown.length > 0 ? [colors.green(`+ the artifacts of ${count(nowKnown.length, 'image')}`)] : []),
    ...(noLongerKnown.length > 0
      ? [colors.red(`- the artifacts of ${count(noLongerKnown.length, 'image')}`)]
      : []),
  ];
}

function shortName(image: string): string {
  const at = image.indexOf('@');
  return `${image.slice(0, at)}@${shortDigest(image.slice(at + 1))}`;
}
