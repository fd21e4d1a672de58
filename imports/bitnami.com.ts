import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import type { Construct } from 'constructs';

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

/** `bitnami.com/v1alpha1`, the API of the Sealed Secrets controller. */
export class SealedSecret extends ApiObject {
  constructor(
    scope: Construct,
    id: string,
    props: { readonly metadata: ApiObjectMetadata; readonly spec: SealedSecretSpec },
  ) {
    super(scope, id, { apiVersion: 'bitnami.com/v1alpha1', kind: 'SealedSecret', ...props });
  }
}

/** The annotations that say a scope; strict has none. */
export function scopeAnnotations(scope: SealingScope): Record<string, string> {
  return scope === 'strict' ? {} : { [`sealedsecrets.bitnami.com/${scope}`]: 'true' };
}
