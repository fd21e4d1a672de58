import type { Config } from '../config/schema.ts';

/**
 * What a kind of registry asks for that can be checked before anything is pushed, and the advice that is true for it
 * alone.
 */
export interface RegistryProfile {
  /** The fewest components of a repository: the first are a project or repository key, not a name of ours. */
  readonly minComponents: number;
  /** The most components below the project, and what happens to a deeper push. Default: any number. */
  readonly maxBelow?: { readonly components: number; readonly refusal: string };
  /** How many leading components name something that must exist before a push; all: the repository itself. */
  readonly createFirst: number | 'all';
  /** What that is called there. */
  readonly creates: string;
  /** How they can be created. */
  readonly howToCreate?: (names: readonly string[], server: string) => { hint: string; command: string };
  /**
   * What it does with an index of which some manifests are not there. unknown: its documentation does not say.
   * @default "unknown"
   */
  readonly sparseIndex?: 'refuses' | { readonly takesWith: string };
  /**
   * Whether it lists what refers to an image: by the referrers API of OCI 1.1, or not, so that its clients keep a list at a
   * tag. unknown: its documentation does not say, and a list is kept at the tag.
   * @default "unknown"
   */
  readonly referrers?: 'api' | 'tag';
  readonly cache: CacheProfile;
}

/** How a kind of registry fetches from upstream by itself. */
export interface CacheProfile {
  /** What fetches from one upstream server. */
  readonly proxy: string;
  /** What serves several upstream servers at one path. Default: nothing does. */
  readonly group?: string;
  /** How many leading components of a repository name it. Default: all in front of the upstream path. */
  readonly components?: number;
  /** More about it, as a sentence. */
  readonly note?: string;
  /**
   * false: it may serve several upstream servers at one path after all, so a rule that names the server is believed.
   * @default true
   */
  readonly certain?: boolean;
}

const anyPath: RegistryProfile = {
  minComponents: 1,
  createFirst: 0,
  creates: 'repository',
  cache: { proxy: 'proxy project or repository', certain: false },
};

/** By the vendors' documentation; docs/findings.md says which. */
export const PROFILES: Readonly<Record<Config['registry']['profile'], RegistryProfile>> = {
  generic: anyPath,
  // One project, and any depth below it.
  harbor: {
    minComponents: 2,
    createFirst: 1,
    creates: 'Harbor project',
    // From 2.8 on.
    referrers: 'api',
    sparseIndex: 'refuses',
    cache: { proxy: 'Harbor proxy cache project', components: 1 },
  },
  // By the repository path method; with a subdomain or port for each repository the key is part of the server.
  artifactory: {
    minComponents: 2,
    createFirst: 1,
    creates: 'Artifactory repository',
    // From 7.90.1 on.
    referrers: 'api',
    cache: { proxy: 'remote repository', group: 'Artifactory virtual repository', components: 1 },
  },
  // The repository is chosen by the connector's port, by a subdomain or by the first component.
  nexus: {
    ...anyPath,
    sparseIndex: 'refuses',
    cache: { proxy: 'docker (proxy) repository', group: 'Nexus docker (group) repository' },
  },
  // Groups may nest, so how many components are the project's is not known; below it there are two at most.
  gitlab: {
    minComponents: 2,
    maxBelow: { components: 2, refusal: 'GitLab answers a deeper push with "denied".' },
    createFirst: 2,
    creates: 'GitLab project',
    referrers: 'tag',
    cache: {
      proxy: 'GitLab dependency proxy or container virtual registry',
      note: 'The dependency proxy serves Docker Hub only.',
      certain: false,
    },
  },
  ecr: {
    minComponents: 1,
    createFirst: 'all',
    creates: 'ECR repository',
    howToCreate: (names, server) => ({
      hint: 'A repository creation template that applies to CREATE_ON_PUSH creates them on the first push. To create them now:',
      command: createEcrRepositories(names, server),
    }),
    sparseIndex: 'refuses',
    referrers: 'api',
    cache: { proxy: 'ECR pull-through cache rule' },
  },
  zot: {
    ...anyPath,
    referrers: 'api',
    cache: { proxy: 'entry in sync.registries', group: 'zot sync extension with onDemand' },
  },
  distribution: {
    ...anyPath,
    referrers: 'tag',
    sparseIndex: {
      takesWith:
        'CNCF distribution does from 3.0 on, with validation.manifests.indexes.platforms: none, or a list with these.',
    },
    cache: {
      proxy: 'instance of CNCF distribution',
      note: 'An instance has one proxy.remoteurl and a host of its own, and registry.server names one host: fill this registry with mirror instead.',
    },
  },
};

/** A server name has the account and the region: `123456789012.dkr.ecr.eu-central-1.amazonaws.com`. */
function createEcrRepositories(names: readonly string[], server: string): string {
  const [, account, region] = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\./.exec(server) ?? [];
  const where = account ? ` --registry-id ${account} --region ${region}` : '';
  const create = `aws ecr create-repository${where} --repository-name`;
  return names.length === 1
    ? `${create} ${names[0]}`
    : `for name in ${names.join(' ')}; do ${create} "$name"; done`;
}
