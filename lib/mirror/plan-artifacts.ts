import { groupBy } from '../common/collections.ts';
import type { Plan, Relocation } from '../plan/model.ts';
import { referrersLists } from '../plan/referrers-list.ts';

type Artifact = NonNullable<Relocation['artifacts']>[number];

/** A file that the plan files name: a list of referrers, whose path is relative to theirs. */
export interface ReferrersFile {
  readonly path: string;
  readonly text: string;
  /** The images whose artifacts are in it. */
  readonly relocation: Relocation;
}

/**
 * The field `artifacts` of a line of the plan, as lib/mirror/artifacts.sh describes it; undefined if there are none.
 *
 * @param referrersApi whether the registry lists referrers by itself, so that it needs no list
 */
export function artifactsField(
  artifacts: readonly Artifact[],
  referrersApi: Plan['referrersApi'],
): string | undefined {
  if (artifacts.length === 0) return undefined;
  const lists = new Map(
    referrersApi ? [] : referrersLists(artifacts).map(({ subject, digest }) => [subject, digest]),
  );
  const groups = [...groupBy(artifacts, ({ subject }) => subject)].map(([subject, group]) => {
    const list = lists.get(subject);
    const items = [...group.map(item), ...(list ? [`list.${hex(list)}`] : [])];
    return `${hex(subject)}:${items.join('+')}`;
  });
  return `artifacts=${groups.join(',')}`;
}

/** The lists of referrers that the field names, each once, in the order of the images. */
export function referrersFiles(
  relocations: readonly Relocation[],
  referrersApi: Plan['referrersApi'],
): ReferrersFile[] {
  if (referrersApi) return [];
  const files = new Map<string, ReferrersFile>();
  for (const relocation of relocations) {
    for (const { digest, bytes } of referrersLists(relocation.artifacts ?? [])) {
      const path = `referrers/${hex(digest)}.json`;
      if (!files.has(path)) files.set(path, { path, text: bytes, relocation });
    }
  }
  return [...files.values()];
}

/** What cosign 2 keeps at a tag has the end of the tag before its digest. */
function item({ digest, tag }: Artifact): string {
  return tag === undefined ? hex(digest) : `${tag.slice(tag.lastIndexOf('.') + 1)}.${hex(digest)}`;
}

function hex(digest: string): string {
  return digest.slice('sha256:'.length);
}
