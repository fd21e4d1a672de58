import type { ConfigPlace } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { type ContainerImage, containerName } from '../digests/container-image.ts';
import { formatReference, shortReference } from '../image/reference.ts';
import type { Problem } from '../input/problem.ts';
import type { Finding } from '../plan/finding.ts';
import { imageOf } from '../plan/overview.ts';
import type { Comparison } from './compare.ts';
import type { Side } from './side.ts';

/** Why somebody has to decide; each has a row in docs/reference/cli.md. A finding keeps its own code. */
export type DecisionCode =
  | 'container-added'
  | 'container-added-excluded'
  | 'container-added-copy-only'
  | 'container-dropped'
  | 'excluded-changed'
  | 'copy-only-changed'
  | 'overridden-changed'
  | 'server-added'
  | 'digest-lost'
  | Finding['code'];

/** Something that ess-airgap cannot know, said with what happens if nobody decides. */
export interface Decision extends Problem {
  readonly code: DecisionCode;
}

interface Decided {
  readonly old: Side;
  readonly now: Side;
  readonly comparison: Comparison;
  readonly config?: Config;
  readonly place?: ConfigPlace;
}

/** Everything about a new release that needs a decision; what the layout and the rules cover needs none. */
export function decide(decided: Decided): Decision[] {
  return [
    ...addedContainers(decided),
    ...droppedContainers(decided),
    ...changedContainers(decided),
    ...addedServers(decided),
    ...newFindings(decided),
  ];
}

/** Without a configuration nothing says where a new container is to run from; an exclude may swallow one. */
function addedContainers({ now, comparison, config }: Decided): Decision[] {
  return comparison.added.flatMap((image): Decision | [] => {
    const name = containerName(image);
    const says = now.product.nameOf(image);
    const from = image.image.registry;
    if (!config) {
      return {
        code: 'container-added',
        message: `${says} is new: it would run from ${from}`,
        hint: `Mirror ${formatReference(image.image)} and synthesise ${now.product.overrideName} again.`,
      };
    }
    switch (now.rows.get(name)?.treatment) {
      case 'exclude':
        return {
          code: 'container-added-excluded',
          message: `${says} is new and excluded: its image is not copied, and it would run from ${from}`,
          hint: 'This is correct if you do not deploy it. If you deploy it, remove it from exclude. If you configure it elsewhere, use copyOnly.',
        };
      case 'copyOnly':
        return {
          code: 'container-added-copy-only',
          message: `${says} is new and only copied (copyOnly), so ${now.product.overrideName} does not override it: it would run from ${from}`,
          hint: `Set its image in the configuration of the container: ${copyOf(now, name)}`,
        };
      default:
        return [];
    }
  });
}

/** A container that only the old ConfigMap has runs from the internet, unless the release dropped it too. */
function droppedContainers({ now, comparison, config }: Decided): Decision[] {
  if (now.kind !== 'override' || !config) return [];
  return comparison.removed.map((image) => ({
    code: 'container-dropped',
    message: `${now.product.overrideName} no longer has ${now.product.nameOf(image)}: it would run from the internet`,
    hint: 'This is correct only if the release no longer has it, or if you do not deploy it.',
  }));
}

/** Changes below what somebody set by hand: an excluded container, or an override with its own tag or digest. */
function changedContainers({ now, comparison, config, place }: Decided): Decision[] {
  return comparison.changed.flatMap(({ before, after, differences, containers }) =>
    containers.flatMap((image): Decision[] => {
      const name = containerName(image);
      const says = now.product.nameOf(image);
      const change = `${shortReference(before)} became ${shortReference(after)}`;
      if (!config) {
        if (!differences.includes('digest-lost')) return [];
        return [
          {
            code: 'digest-lost',
            message: `${says} has lost its digest: the image that ${formatReference(after)} points to at copy time is deployed`,
          },
        ];
      }
      const treatment = now.rows.get(name)?.treatment;
      if (treatment === 'exclude') {
        return [
          {
            code: 'excluded-changed',
            message: `${says} is excluded, and ${change}`,
            hint: 'This is correct if you do not deploy it. If you configure it elsewhere, use copyOnly, so that its image is copied, and change it there.',
          },
        ];
      }
      if (treatment === 'copyOnly') {
        return [
          {
            code: 'copy-only-changed',
            message: `${says} is only copied, and ${change}`,
            hint: `Change it in the configuration of the container: ${copyOf(now, name)}`,
          },
        ];
      }
      const own = Object.hasOwn(config.overrides, name) ? config.overrides[name] : undefined;
      if (now.kind === 'override' || (own?.tag ?? own?.digest ?? own?.source) === undefined) return [];
      return [
        {
          code: 'overridden-changed',
          place: place?.('overrides', name),
          message: `${says} has an image in overrides, and ${change}`,
          hint: 'Check that the image in overrides is still right for this release.',
        },
      ];
    }),
  );
}

/** The image in the local registry of a container that is copied. */
function copyOf({ rows }: Side, name: string): string {
  const local = rows.get(name)?.local;
  if (!local) throw new Error(`the plan copies ${name} to no place`);
  return formatReference(imageOf(local));
}

/** A server that the old release did not read from: a firewall, a proxy or a credential may be wanting. */
function addedServers({ old, now, comparison, config }: Decided): Decision[] {
  if (old.kind !== now.kind || now.kind === 'override') return [];
  const known = new Set(servers(old.images));
  const added = servers(now.images).filter((server) => !known.has(server));
  const images = [...comparison.added, ...comparison.changed.flatMap(({ containers }) => containers)];
  return added.map((server) => {
    const names = images.filter(({ image }) => image.registry === server).map(now.product.nameOf);
    const cache = config?.registry.pullThrough ? 'the cache' : 'the mirror';
    return {
      code: 'server-added',
      message: `images now come from ${server} (${names.join(', ')}), which the old release did not use`,
      hint: `Make sure that ${cache} can reach ${server} and has a credential for it if it needs one.`,
    };
  });
}

/** Errors and warnings that the plan of the old release did not have. */
function newFindings({ old, now }: Decided): Decision[] {
  const known = new Set(old.plan?.findings.map(identity));
  return (now.plan?.findings ?? [])
    .filter((finding) => finding.severity !== 'note' && !known.has(identity(finding)))
    .map(({ code, place, message, hint, command }) => ({
      code,
      message,
      ...(place && { place }),
      ...(hint !== undefined && { hint }),
      ...(command !== undefined && { command }),
    }));
}

/** A finding without what a new release moves: its place, and the number of images that a message begins with. */
function identity({ code, message }: Finding): string {
  return `${code} ${message.replace(/^\d+ /, '')}`;
}

function servers(images: readonly ContainerImage[]): string[] {
  return [...new Set(images.map(({ image }) => image.registry))].sort();
}
