import { groupBy } from '../../common/collections.ts';
import { count, few, shellWord } from '../../common/text.ts';
import type { Config } from '../../config/schema.ts';
import { formatReference, parseReference, repositoryName } from '../../image/reference.ts';
import { chooseArtifacts, knownArtifacts, wantedArtifacts } from '../artifacts.ts';
import { commandLine } from '../command.ts';
import { type Finding, finding } from '../finding.ts';
import type { Relocation } from '../model.ts';
import { PROFILES } from '../profiles.ts';
import { referrersLists } from '../referrers-list.ts';
import type { Checked } from './checked.ts';

/** Signatures, attestations and SBOMs: what of them would be lost, or is not known. Nothing if none are known. */
export function checkArtifacts(checked: Checked): Finding[] {
  if ((checked.context.artifacts?.size ?? 0) === 0) return [];
  return [
    ...checkCollidingArtifacts(checked.relocations),
    ...checkUnknown(checked),
    ...checkCache(checked),
    ...checkPlatforms(checked),
    ...checkSkopeo(checked),
  ];
}

/**
 * Images of several sources that meet in one repository. A tag of cosign 2 holds one manifest, and a list of referrers that
 * names artifacts of both could be pushed only when both are there.
 */
function checkCollidingArtifacts(relocations: readonly Relocation[]): Finding[] {
  return [...groupBy(relocations, ({ target }) => repositoryName(target))].flatMap(([repository, group]) => {
    // By tag of cosign 2 or of a list: what is to be there, and the images that bring it.
    const contents = new Map<string, Map<string, string>>();
    for (const { source, artifacts = [] } of group) {
      const own = [
        ...artifacts.flatMap(({ tag, digest }) => (tag ? [[tag, digest] as const] : [])),
        ...referrersLists(artifacts).map(({ tag, digest }) => [tag, digest] as const),
      ];
      for (const [tag, digest] of own) {
        const known = contents.get(tag) ?? new Map<string, string>();
        if (source && !known.has(digest)) known.set(digest, formatReference(source));
        contents.set(tag, known);
      }
    }
    const colliding = [...contents].filter(([, known]) => known.size > 1);
    return colliding.slice(0, 1).map(([tag, known]) =>
      finding('artifact-collision', {
        message: `${repository}:${tag} would get other artifacts from each of ${few([...known.values()])}${colliding.length > 1 ? `, and so would ${count(colliding.length - 1, 'further tag')}` : ''}`,
        hint: 'Keep the images apart: layout preserve or by-server, or a rule for one of them. Or copy them from one source: overrides with source.',
      }),
    );
  });
}

/** Images that came into the plan after the lock was written. */
function checkUnknown({ relocations, context, config, place }: Checked): Finding[] {
  if (wantedArtifacts(config) === 'none') return [];
  const unknown = relocations.flatMap(({ source, ...relocation }) =>
    source?.digest && !knownArtifacts({ ...relocation, source }, context.artifacts) ? source : [],
  );
  if (unknown.length === 0) return [];
  const file = shellWord(pathOf(config));
  return [
    finding('artifacts-unknown', {
      place: place?.('digests'),
      message: `nothing is known of the signatures and attestations of ${count(unknown.length, 'image')}, so none are copied: ${few(unknown.map(formatReference))}`,
      hint: 'The digests file was written before these images came into the plan. To bring it up to date:',
      command: commandLine(`lock ${file} --output ${file}`, place),
    }),
  ];
}

function pathOf({ folder, digests }: Config): string {
  return folder === '' || folder === '.' || digests.startsWith('/') ? digests : `${folder}/${digests}`;
}

/** A pull-through cache gets nothing pushed. */
function checkCache({ relocations, context, config, place }: Checked): Finding[] {
  if (!config.registry.pullThrough) return [];
  const all = relocations.flatMap((relocation) => knownArtifacts(relocation, context.artifacts) ?? []);
  if (all.length === 0) return [];
  return [
    finding('artifacts-pull-through', {
      place: place?.('registry', 'pullThrough'),
      message: `the images have ${count(all.length, 'artifact')} (signatures, attestations, SBOMs): whether ${config.registry.server} fetches them is not known`,
      hint: 'Ask who runs it, or try it with a client such as cosign. A mirror copies them.',
    }),
  ];
}

/** Artifacts of manifests that are not copied. */
function checkPlatforms({ relocations, context, config, place }: Checked): Finding[] {
  const kind = wantedArtifacts(config);
  const dropped = relocations.flatMap((relocation) => {
    const known = knownArtifacts(relocation, context.artifacts) ?? [];
    return chooseArtifacts(known, kind, relocation.platforms).otherPlatforms;
  });
  if (dropped.length === 0) return [];
  const platforms = [...new Set(dropped.map(({ platform }) => platform ?? ''))].sort();
  return [
    finding('artifacts-platforms', {
      place: place?.('mirror', 'platforms'),
      message: `${count(dropped.length, 'artifact')} of other platforms (${few(platforms)}) ${dropped.length === 1 ? 'is' : 'are'} not copied, because mirror.platforms leaves their manifests out`,
      hint: 'Correct if you do not run these platforms. Artifacts of the whole image are copied.',
    }),
  ];
}

/** The first that keeps the types in a list of referrers: containers/image 5.30 does, 5.23 to 5.29 lose them in a copy. */
const FIRST_SKOPEO = [1, 15] as const;

function checkSkopeo({ relocations, config, place }: Checked): Finding[] {
  const { mirror, registry } = config;
  if (!mirror || mirror.mode === 'verify' || PROFILES[registry.profile].referrers === 'api') return [];
  const lists = relocations.flatMap(({ artifacts = [] }) => referrersLists(artifacts));
  const image = parseReference(mirror.image);
  if (lists.length === 0 || typeof image === 'string' || !image.repository.includes('skopeo')) return [];
  const [, major, minor] = /^v?(\d{1,4})\.(\d{1,4})(?:\D|$)/.exec(image.tag ?? '') ?? [];
  if (major === undefined || Number(major) > FIRST_SKOPEO[0]) return [];
  if (Number(major) === FIRST_SKOPEO[0] && Number(minor) >= FIRST_SKOPEO[1]) return [];
  return [
    finding('artifacts-skopeo', {
      place: place?.('mirror', 'image'),
      message: `by its tag ${image.tag}, mirror.image has a skopeo before ${FIRST_SKOPEO.join('.')}, which cannot push the lists of referrers that ${registry.server} needs: the Job would copy nothing`,
      hint: 'Use an image with a newer skopeo, 1.22 for example, or set mirror.artifacts: none. If the registry has the referrers API, set registry.profile.',
    }),
  ];
}
