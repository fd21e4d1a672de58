import type { ConfigPlace } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { byContainer, type ContainerImage, containerName } from '../digests/container-image.ts';
import { CLASSIC } from '../digests/release.ts';
import { formatReference, repositoryName } from '../image/reference.ts';
import { GlobBudget } from '../input/glob.ts';
import { additionsOf } from './additions.ts';
import { withArtifacts } from './artifacts.ts';
import { checkPlan } from './checks/index.ts';
import { guardOf } from './guard.ts';
import { hashPlan } from './hash.ts';
import { withLayers } from './layers.ts';
import { Layout } from './layout.ts';
import type {
  Override,
  Plan,
  ReleaseContext,
  Relocation,
  ResolvedContainer,
  Treatment,
  UncheckedPlan,
} from './model.ts';
import { productOf } from './products/index.ts';
import { PROFILES } from './profiles.ts';
import { resolveContainer } from './resolve.ts';
import { Selection } from './selection.ts';
import { withSignatures } from './signatures.ts';
import { SignaturePolicy } from './signers.ts';

/**
 * Makes the plan of a release for a configuration. It is a pure function: no files, no network, no clock. The order
 * of `images` does not matter.
 *
 * @param place returns the place of a configuration value, if the configuration was read from a file
 * @param known information about the release in addition to its images. Default: a release of the installer.
 */
export function makePlan(
  images: readonly ContainerImage[],
  config: Config,
  place?: ConfigPlace,
  known: Partial<ReleaseContext> = {},
): Plan {
  const context: ReleaseContext = { info: CLASSIC, values: [], ...known };
  const ordered = [...images, ...additionsOf(context.info, config, place)].sort(byContainer);
  const budget = new GlobBudget(place?.());
  const selection = new Selection(config, budget);
  const layout = new Layout(config, budget);
  const policy = new SignaturePolicy(config, budget);
  const excluded: ContainerImage[] = [];
  const resolved: ResolvedContainer[] = [];
  for (const image of ordered) {
    const treatment = selection.treatmentOf(image);
    if (treatment === 'exclude') {
      if (!image.role) excluded.push(image);
    } else resolved.push(resolveContainer(image, treatment, layout.repositoryFor(image.image), config));
  }
  const overridesOf = (wanted: Treatment): Override[] =>
    resolved.flatMap(({ image, treatment, override }) =>
      treatment === wanted && !image.role ? override : [],
    );

  const overrides = overridesOf('override');
  const copied = withArtifacts(distinct(resolved), context.artifacts, config);
  const relocations = withLayers(withSignatures(copied, policy, context, config), context.layers);
  const previous = context.previous && makePlan(context.previous, config);
  const copyOnly = overridesOf('copyOnly');
  const guard = guardOf({ overrides, copyOnly }, config, previous);
  const plan: UncheckedPlan = {
    release: context.info,
    overrides,
    relocations,
    ...(PROFILES[config.registry.profile].referrers === 'api' && { referrersApi: true }),
    additions: resolved.flatMap(({ image, override }) => (image.role ? override : [])),
    copyOnly,
    valueLists: productOf(context.info).valueLists(context, overrides, config),
    excluded,
    ...(guard && { guard }),
    hash: hashPlan(overrides, relocations),
  };
  const findings = checkPlan({
    plan,
    context,
    images: ordered,
    excluded,
    resolved,
    relocations,
    selection,
    layout,
    policy,
    previous,
    config,
    place,
  });
  return { ...plan, findings };
}

/** Returns one relocation for each distinct pair of source and target, with all containers that use it. */
function distinct(resolved: readonly ResolvedContainer[]): Relocation[] {
  const byImage = new Map<string, Relocation & { containers: string[] }>();
  for (const { image, source, target, platforms } of resolved) {
    const key = [source ? formatReference(source) : '', formatReference(target), ...(platforms ?? [])].join(
      ' ',
    );
    const known = byImage.get(key);
    if (known) {
      known.containers.push(containerName(image));
      continue;
    }
    byImage.set(key, {
      ...(source && { source }),
      target,
      ...(platforms && { platforms }),
      containers: [containerName(image)],
    });
  }
  return [...byImage.entries()]
    .map(([key, relocation]) => ({
      key: `${repositoryName(relocation.target)}:${relocation.target.tag} ${key}`,
      relocation,
    }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ relocation }) => relocation);
}
