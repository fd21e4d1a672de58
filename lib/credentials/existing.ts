import type { CredentialSource } from './credential-source.ts';

/** A Secret that is in the cluster already and only named. */
export const existing: CredentialSource<'existing'> = {
  secret: 'existing',
  secretName: ({ config }) => config.name,
  // Nothing is known of it but the Secret, and sharing that is checked for every source.
  identity: () => undefined,
};
