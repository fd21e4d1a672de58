/** What a value is sealed for: its namespace and name, its namespace, or nothing. */
export type SealingScope = 'strict' | 'namespace-wide' | 'cluster-wide';

/** The fields of a SealedSecret that ess-airgap writes; the API has more. */
export interface SealedSecretSpec {
  /** Ciphertext by key of the Secret. */
  readonly encryptedData: Readonly<Record<string, string>>;
  /** What the Secret is besides its data. The controller reads the scope from its annotations. */
  readonly template: {
    readonly metadata: {
      readonly name: string;
      readonly namespace?: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly type: string;
  };
}

/** The API of the Sealed Secrets controller. */
export const SEALED_SECRET = { apiVersion: 'bitnami.com/v1alpha1', kind: 'SealedSecret' } as const;

/** The annotations that say a scope; strict has none. */
export function scopeAnnotations(scope: SealingScope): Record<string, string> {
  return scope === 'strict' ? {} : { [`sealedsecrets.bitnami.com/${scope}`]: 'true' };
}
