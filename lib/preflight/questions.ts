import type { Config } from '../config/schema.ts';
import type { ImageReference } from '../image/reference.ts';
import type { Plan } from '../plan/model.ts';
import { PROFILES } from '../plan/profiles.ts';
import type { Role } from './observation.ts';

/** What to ask one server. */
export interface ServerQuestion {
  readonly server: string;
  readonly role: Role;
  readonly insecure: boolean;
  /** Images whose manifests are asked for, each once. */
  readonly images: readonly ImageReference[];
}

/** Everything that a copy of the plan needs, as questions to servers. */
export interface Questions {
  readonly servers: readonly ServerQuestion[];
  /** Repositories of the target to which an upload is started. */
  readonly pushes: readonly ImageReference[];
}

/** Which servers a plan needs and for what: sources by name, then the target, then the server that nodes pull from. */
export function questionsOf(plan: Plan, config: Config): Questions {
  const insecure = new Set(config.mirror?.insecure ?? []);
  const question = (server: string, role: Role, images: readonly ImageReference[]): ServerQuestion => ({
    server,
    role,
    insecure: insecure.has(server),
    images,
  });
  const sources = new Map<string, ImageReference[]>();
  for (const { source, target } of plan.relocations) {
    if (!source) continue;
    const image = { ...source, ...(target.digest && { digest: target.digest }) };
    sources.set(source.registry, [...(sources.get(source.registry) ?? []), image]);
  }
  const targets = [...new Set(plan.relocations.map(({ target }) => target.registry))];
  const targetsOf = (server: string): ImageReference[] =>
    plan.relocations.flatMap(({ target }) => (target.registry === server ? [target] : []));
  const { server } = config.registry;
  const nodes = plan.relocations.map(({ target }) => ({ ...target, registry: server }));
  // A pull-through cache fetches by itself: only nodes ask it.
  if (config.registry.pullThrough) return { servers: [question(server, 'nodes', nodes)], pushes: [] };
  return {
    servers: [
      ...[...sources]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, images]) => question(name, 'source', images)),
      ...targets.map((name) => question(name, 'target', targetsOf(name))),
      question(server, 'nodes', nodes),
    ],
    pushes: pushRepositories(plan, config),
  };
}

/**
 * One repository for each project of the target, by what the registry's profile calls a project: the one with the most
 * components, which a registry that knows no nested paths refuses first. If repositories must exist before a push, all.
 */
function pushRepositories(plan: Plan, config: Config): ImageReference[] {
  const { createFirst } = PROFILES[config.registry.profile];
  const deepest = new Map<string, ImageReference>();
  for (const { target, source } of plan.relocations) {
    if (!source) continue;
    const components = target.repository.split('/');
    const project = components
      .slice(0, createFirst === 'all' ? undefined : Math.max(1, createFirst))
      .join('/');
    const known = deepest.get(project);
    if (!known || known.repository.split('/').length < components.length) deepest.set(project, target);
  }
  return [...deepest.values()];
}
