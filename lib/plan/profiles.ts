import type { Config } from '../config/schema.ts';

/** What a kind of registry asks for that can be checked before anything is pushed. */
export interface RegistryProfile {
  /** The fewest components of a repository: the first are a project or repository key, not a name of ours. */
  readonly minComponents: number;
  /** How many leading components name something that must exist before a push; all: the repository itself. */
  readonly createFirst: number | 'all';
  /** What that is called there. */
  readonly creates: string;
}

const anyPath: RegistryProfile = { minComponents: 1, createFirst: 0, creates: 'repository' };

/** By the vendors' documentation; docs/findings.md says which. */
export const PROFILES: Readonly<Record<Config['registry']['profile'], RegistryProfile>> = {
  generic: anyPath,
  harbor: { minComponents: 2, createFirst: 1, creates: 'Harbor project' },
  artifactory: { minComponents: 2, createFirst: 1, creates: 'Artifactory repository' },
  nexus: anyPath,
  gitlab: { minComponents: 2, createFirst: 2, creates: 'GitLab project' },
  ecr: { minComponents: 1, createFirst: 'all', creates: 'ECR repository' },
  zot: anyPath,
  distribution: anyPath,
};
