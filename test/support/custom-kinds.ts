import { Ajv, type ValidateFunction } from 'ajv';

const subdomain = {
  type: 'string',
  minLength: 1,
  maxLength: 253,
  pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
};
const texts = { type: 'object', additionalProperties: { type: 'string' } };
const exactly = (properties: Record<string, object>, required: string[] = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const object = (apiVersion: string, kind: string, spec: object) =>
  exactly({
    apiVersion: { const: apiVersion },
    kind: { const: kind },
    // The API server checks the metadata of every kind the same way.
    metadata: { type: 'object' },
    spec,
  });

/**
 * The parts of two CRDs that ess-airgap writes: every field that is allowed, and no other. `.ci/credentials/run` compares
 * the manifests with the CRDs themselves.
 */
const schemas: Readonly<Record<string, object>> = {
  // config/crds/bases/external-secrets.io_externalsecrets.yaml of the External Secrets Operator.
  'external-secrets.io/v1/ExternalSecret': object(
    'external-secrets.io/v1',
    'ExternalSecret',
    exactly({
      data: {
        type: 'array',
        items: exactly({
          secretKey: { type: 'string', minLength: 1, maxLength: 253, pattern: '^[-._a-zA-Z0-9]+$' },
          remoteRef: exactly(
            {
              conversionStrategy: { enum: ['Default', 'Unicode'] },
              decodingStrategy: { enum: ['Auto', 'Base64', 'Base64URL', 'None'] },
              key: { type: 'string' },
              metadataPolicy: { enum: ['None', 'Fetch'] },
              property: { type: 'string' },
            },
            ['key'],
          ),
        }),
      },
      refreshInterval: { type: 'string' },
      secretStoreRef: exactly({ kind: { enum: ['SecretStore', 'ClusterSecretStore'] }, name: subdomain }),
      target: exactly({
        creationPolicy: { enum: ['Owner', 'Orphan', 'Merge', 'None'] },
        deletionPolicy: { enum: ['Delete', 'Merge', 'Retain'] },
        name: subdomain,
        template: exactly({
          data: texts,
          engineVersion: { enum: ['v2'] },
          mergePolicy: { enum: ['Replace', 'Merge'] },
          metadata: exactly({ annotations: texts, labels: texts }, []),
          type: { type: 'string' },
        }),
      }),
    }),
  ),
  // helm/sealed-secrets/crds/bitnami.com_sealedsecrets.yaml of Sealed Secrets.
  'bitnami.com/v1alpha1/SealedSecret': object(
    'bitnami.com/v1alpha1',
    'SealedSecret',
    exactly({
      encryptedData: texts,
      template: exactly({ metadata: { type: 'object' }, type: { type: 'string' } }),
    }),
  ),
};

const ajv = new Ajv({ allErrors: true });
const validators = new Map<string, ValidateFunction>(
  Object.entries(schemas).map(([name, schema]) => [name, ajv.compile(schema)]),
);

/** Fields of an ExternalSecret or SealedSecret that its CRD does not allow, unknown fields included. Throws for another kind. */
export function customKindProblems(manifest: {
  readonly apiVersion: string;
  readonly kind: string;
}): string[] {
  const validate = validators.get(`${manifest.apiVersion}/${manifest.kind}`);
  if (!validate) throw new Error(`there is no schema for ${manifest.apiVersion}/${manifest.kind}`);
  if (validate(manifest)) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) =>
    [instancePath, message, params.additionalProperty].filter(Boolean).join(' '),
  );
}
