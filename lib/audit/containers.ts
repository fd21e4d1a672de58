import type { Config } from '../config/schema.ts';
import { containerName } from '../digests/container-image.ts';
import { parseReference } from '../image/reference.ts';
import { runsAs } from '../plan/guard.ts';
import type { Override, Plan } from '../plan/model.ts';
import { containersOf, field, listOf, podOf } from '../validation/manifest.ts';
import { type KubernetesObject, nameOf } from './objects.ts';
import { type PullFailure, pullFailureOf } from './pull-failure.ts';

/**
 * planned: the image of the plan. previous: an image of the previous release. allowed: by guard.allow. other-digest: a
 * planned repository with another tag or digest. upstream: a registry that the release comes from. unknown: anything
 * else.
 */
export type ImageStatus = 'planned' | 'previous' | 'allowed' | 'other-digest' | 'upstream' | 'unknown';

/** A container of a pod or of a workload, and what its image is to the plan. */
export interface AuditedContainer {
  /** `Pod element-onprem/synapse-0`. */
  readonly object: string;
  readonly container: string;
  readonly image: string;
  readonly status: ImageStatus;
  /** The containers of the release that the image is planned for. */
  readonly plannedFor: readonly string[];
  /** The digest that runs, if the image has none and the plan wants another. */
  readonly running?: string;
  /** The image of the plan, if another one of its repository is used. */
  readonly expected?: string;
  readonly pullFailure?: PullFailure;
}

/** Whether a container runs what it should. */
export function isAsPlanned({ status, pullFailure }: AuditedContainer): boolean {
  return ['planned', 'previous', 'allowed'].includes(status) && !pullFailure;
}

/** Compares the images of pods and workloads with a plan. */
export class ImageAudit {
  readonly #byName = new Map<string, Override[]>();
  readonly #byRepository = new Map<string, Override[]>();
  readonly #previous: ReadonlySet<string>;
  readonly #upstream: ReadonlySet<string>;
  readonly #config: Config;

  /** @param previous the plan of the release before, whose images are still right while an upgrade is under way */
  constructor(plan: Plan, config: Config, previous?: Plan) {
    this.#config = config;
    for (const override of [...plan.overrides, ...plan.copyOnly]) {
      add(this.#byName, runsAs(override), override);
      add(this.#byRepository, `${override.server}/${override.repository}`, override);
    }
    const older = previous ? [...previous.overrides, ...previous.copyOnly] : [];
    this.#previous = new Set(older.map(runsAs));
    const sources = plan.relocations.flatMap(({ source }) => source?.registry ?? []);
    this.#upstream = new Set(sources.filter((server) => server !== config.registry.server));
  }

  /** The containers of an object; none if it makes no pods. */
  containers(object: KubernetesObject): AuditedContainer[] {
    const pod = podOf(object);
    if (!pod) return [];
    const statuses = ['initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses'].flatMap(
      (list) => listOf(field(object, 'status', list)),
    );
    return containersOf(pod).map(({ container }) => {
      const name = String(field(container, 'name'));
      const status = statuses.find((one) => field(one, 'name') === name);
      return this.#audit(nameOf(object), name, String(field(container, 'image') ?? ''), status);
    });
  }

  #audit(object: string, container: string, image: string, status: unknown): AuditedContainer {
    const parsed = parseReference(image);
    // A short name is one of Docker Hub.
    const reference = typeof parsed === 'string' ? parseReference(`docker.io/${image}`) : parsed;
    const failure = pullFailureOf(status, this.#config);
    const common = { object, container, image, ...(failure && { pullFailure: failure }) };
    if (typeof reference === 'string') return { ...common, status: 'unknown', plannedFor: [] };
    const repository = `${reference.registry}/${reference.repository}`;
    const { tag, digest } = reference;
    // A digest decides alone, whatever tag is in front of it.
    const exact = digest ? `${repository}@${digest}` : `${repository}:${tag ?? 'latest'}`;
    const siblings = this.#byRepository.get(repository) ?? [];
    const planned =
      this.#byName.get(exact) ?? siblings.filter((one) => (digest ? one.digest === digest : one.tag === tag));
    if (planned.length > 0) {
      const plannedFor = planned.map(containerName);
      const running = digestOf(field(status, 'imageID'));
      const wanted = planned[0]?.digest;
      // The tag may have moved since: what runs is what the node says.
      if (!digest && running && wanted && running !== wanted)
        return {
          ...common,
          status: 'other-digest',
          plannedFor,
          running,
          expected: `${repository}@${wanted}`,
        };
      return { ...common, status: 'planned', plannedFor };
    }
    if (this.#previous.has(exact)) return { ...common, status: 'previous', plannedFor: [] };
    const allowed = this.#config.guard.allow.some((entry) =>
      entry.endsWith('*') ? image.startsWith(entry.slice(0, -1)) : image === entry,
    );
    if (allowed) return { ...common, status: 'allowed', plannedFor: [] };
    const [sibling] = siblings;
    if (sibling)
      return {
        ...common,
        status: 'other-digest',
        plannedFor: siblings.map(containerName),
        expected: runsAs(sibling),
      };
    const isUpstream = this.#upstream.has(reference.registry);
    return { ...common, status: isUpstream ? 'upstream' : 'unknown', plannedFor: [] };
  }
}

/** The digest of `imageID`, which runtimes write as `repository@digest` with different words in front. */
function digestOf(imageId: unknown): string | undefined {
  return typeof imageId === 'string' ? /@(sha256:[0-9a-f]{64})$/.exec(imageId)?.[1] : undefined;
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const known = map.get(key);
  if (known) known.push(value);
  else map.set(key, [value]);
}
