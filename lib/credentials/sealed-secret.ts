import {
  SEALED_SECRET,
  type SealedSecretSpec,
  type SealingScope,
  scopeAnnotations,
} from '../../imports/bitnami.com.ts';
import type { CredentialSource, SecretObject, SecretObjectProps } from './credential-source.ts';

/** Ciphertext of a whole docker config, which the Sealed Secrets controller opens. */
export const sealedSecret: CredentialSource<'sealedSecret'> = {
  secret: 'object',
  secretName: ({ config }) => config.name,
  identity: ({ config }) => ({ id: config.encryptedData, shared: 'the same ciphertext' }),
  // One ciphertext is one Secret.
  isOneSecret: () => false,
  object: ([{ config }], props) => renderSealedSecret({ ...props, ...config, name: props.name }),
};

export interface SealedSecretContent {
  /** Ciphertext of the docker config, as `kubeseal --raw` prints it. */
  readonly encryptedData: string;
  /**
   * The scope that it was sealed with.
   * @default "strict"
   */
  readonly scope?: SealingScope;
}

/** Returns the SealedSecret that makes a Secret of a docker config. */
export function renderSealedSecret(props: SealedSecretContent & SecretObjectProps): SecretObject {
  const { name, namespace, labels, encryptedData, scope = 'strict' } = props;
  const annotations = scopeAnnotations(scope);
  const annotated = scope !== 'strict' && { annotations };
  const spec: SealedSecretSpec = {
    encryptedData: { '.dockerconfigjson': encryptedData },
    template: {
      metadata: { name, namespace, labels, ...annotated },
      type: 'kubernetes.io/dockerconfigjson',
    },
  };
  return { ...SEALED_SECRET, ...annotated, spec };
}
