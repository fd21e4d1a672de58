import { type Descriptors, hexOf, parseDescriptors, subjectOf } from './contents.ts';
import { type BundledContents, type BundledImage, type BundledReferrers, contentsOf } from './load-plan.ts';

/**
 * How the plan of an image differs from its manifests: in the files that they name, in the subject of an artifact, or in the
 * list of the referrers of a subject.
 *
 * @param bytesOf the bytes of a manifest, by the digits of its digest
 * @returns what differs first in the image, in each artifact and in each list; nothing if all is as the plan says
 */
export function disagreements(image: BundledImage, bytesOf: (hex: string) => Buffer): string[] {
  const descriptorsOf = (hex: string): Descriptors | undefined => parseDescriptors(bytesOf(hex));
  return [
    ...contentsOf(image).map((contents) => disagreement(contents, descriptorsOf)),
    ...image.artifacts.map(({ digest, subject, tag }) => {
      // What cosign 2 keeps at a tag names no subject.
      const named = tag === undefined ? (subjectOf(bytesOf(hexOf(digest))) ?? 'no subject') : subject;
      return named === subject ? undefined : `${digest} belongs to ${named}, and to ${subject} in load.plan`;
    }),
    ...image.referrers.map((list) => listDisagreement(image, list, descriptorsOf(list.hex))),
  ].flatMap((why) => why ?? []);
}

function disagreement(
  { digest, manifests, omitted, blobs }: BundledContents,
  descriptorsOf: (hex: string) => Descriptors | undefined,
): string | undefined {
  const root = descriptorsOf(hexOf(digest));
  if (!root) return `${digest} is neither an index nor a manifest`;
  const named = new Map<string, string>();
  const listed = new Map<string, string>();
  for (const { hex, size } of [...manifests, ...omitted]) listed.set(hex, `a manifest of ${size} bytes`);
  for (const { hex, size, kind } of blobs) listed.set(hex, `a ${kind} of ${size} bytes`);
  const children = root.kind === 'index' ? root.manifests : [];
  for (const { hex, size } of children) named.set(hex, `a manifest of ${size} bytes`);
  for (const hex of root.kind === 'index' ? manifests.map((it) => it.hex) : [hexOf(digest)]) {
    const manifest = descriptorsOf(hex);
    if (manifest?.kind !== 'manifest') return `sha256:${hex} is not a manifest`;
    for (const blob of manifest.blobs) {
      const isConfig = named.get(blob.hex)?.startsWith('a config');
      if (!isConfig) named.set(blob.hex, `a ${blob.kind} of ${blob.size} bytes`);
    }
  }
  const all = [...new Set([...named.keys(), ...listed.keys()])];
  const hex = all.find((it) => named.get(it) !== listed.get(it));
  if (hex === undefined) return undefined;
  return `sha256:${hex} is ${named.get(hex) ?? 'not named'} in the manifests, and ${listed.get(hex) ?? 'not named'} in load.plan`;
}

/** A list of referrers names all of them and nothing else. */
function listDisagreement(
  { artifacts }: BundledImage,
  { hex, subject }: BundledReferrers,
  list: Descriptors | undefined,
): string | undefined {
  const listed = artifacts.filter((it) => it.tag === undefined && it.subject === subject);
  const expected = listed.map(({ digest, size }) => `${digest} of ${size} bytes`);
  const found =
    list?.kind === 'index' ? list.manifests.map((it) => `sha256:${it.hex} of ${it.size} bytes`) : [];
  const other =
    expected.find((it) => !found.includes(it)) ??
    found.find((it, index) => !expected.includes(it) || found.indexOf(it) !== index);
  if (other === undefined) return undefined;
  const where = expected.includes(other) ? 'in load.plan' : 'in the list';
  return `sha256:${hex}, the list of the referrers of ${subject}, has other entries: ${other} is only ${where}`;
}
