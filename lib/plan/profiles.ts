import type { Config } from '../config/schema.ts';

/** What a kind of registry asks for that can be checked before anything is pushed. */
export interface RegistryProfile {
  /** The fewest components of a repository: the first are a project or repository key, not a name of ours. */
  readonly minComponents: number;
  /** The most components below the project. Default: any number. */
  readonly maxBelow?: number;
  /** How many leading components name something that must exist before a push; all: the repository itself. */
  readonly createFirst: number | 'all';
  /** What that is called there. */
  readonly creates: string;
  /** How it can come to exist without anybody creating it, as the end of a hint. */
  readonly createsItself?: string;
  /**
   * What it does with an index of which some manifests are not there. unknown: its documentation does not say.
   * @default "unknown"
   */
  readonly sparseIndex?: 'refuses' | 'takes by setting';
}

const anyPath: RegistryProfile = { minComponents: 1, createFirst: 0, creates: 'repository' };

/** By the vendors' documentation; docs/findings.md says which. */
export const PROFILES: Readonly<Record<Config['registry']['profile'], RegistryProfile>> = {
  generic: anyPath,
  // One project, and any depth below it.
  harbor: { minComponents: 2, createFirst: 1, creates: 'Harbor project', sparseIndex: 'refuses' },
  // By the repository path method; with a subdomain or port for each repository the key is part of the server.
  artifactory: { minComponents: 2, createFirst: 1, creates: 'Artifactory repository' },
  // The repository is chosen by the connector's port, by a subdomain or by the first component.
  nexus: { ...anyPath, sparseIndex: 'refuses' },
  // Groups may nest, so how many components are the project's is not known; below it there are two at most.
  gitlab: { minComponents: 2, maxBelow: 2, createFirst: 2, creates: 'GitLab project' },
  ecr: {
    minComponents: 1,
    createFirst: 'all',
    creates: 'ECR repository',
    createsItself: 'or let a repository creation template that applies to CREATE_ON_PUSH create them',
    sparseIndex: 'refuses',
  },
  zot: anyPath,
  distribution: { ...anyPath, sparseIndex: 'takes by setting' },
};
