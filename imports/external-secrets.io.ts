/** Where a value stands in a secret store. */
export interface RemoteRef {
  readonly key: string;
  /** @default - the whole secret */
  readonly property?: string;
}

/**
 * The fields of an ExternalSecret that ess-airgap writes; the API has more. Those with one value are its defaults,
 * written out: the API server adds them, and what compares the cluster with git would see a difference for ever.
 */
export interface ExternalSecretSpec {
  /** A Go duration; 0 fetches once. */
  readonly refreshInterval: string;
  readonly secretStoreRef: { readonly name: string; readonly kind: 'SecretStore' | 'ClusterSecretStore' };
  readonly target: {
    /** Name of the Secret that the operator makes, in the namespace of the ExternalSecret. */
    readonly name: string;
    /** Owner: the Secret goes when the ExternalSecret does. */
    readonly creationPolicy: 'Owner';
    readonly deletionPolicy: 'Retain';
    readonly template: {
      /** v2: Go templates with the functions of sprig. */
      readonly engineVersion: 'v2';
      /** The Secret holds what the template makes, and not the values it was made of. */
      readonly mergePolicy: 'Replace';
      readonly type: string;
      /** A template replaces the copying of the labels of the ExternalSecret. */
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly data: Readonly<Record<string, string>>;
    };
  };
  /** The values that the template can use, by `secretKey`. */
  readonly data: readonly {
    readonly secretKey: string;
    readonly remoteRef: RemoteRef & {
      readonly conversionStrategy: 'Default';
      readonly decodingStrategy: 'None';
      readonly metadataPolicy: 'None';
    };
  }[];
}

/** The API of the External Secrets Operator; v1beta1 is no longer served. */
export const EXTERNAL_SECRET = { apiVersion: 'external-secrets.io/v1', kind: 'ExternalSecret' } as const;
