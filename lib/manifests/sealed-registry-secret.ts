import { Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { SealedSecret, type SealingScope, scopeAnnotations } from '../../imports/bitnami.com.ts';
import { labels, metadata, type PartProps } from './metadata.ts';

export interface SealedRegistrySecretProps extends PartProps {
  /** Name of the SealedSecret and of the Secret that it makes; with scope strict the ciphertext is bound to it. */
  readonly name: string;
  /** What the Secret is for, as its label `app.kubernetes.io/component`. */
  readonly component: string;
  /** Ciphertext of the docker config, as `kubeseal --raw` prints it. */
  readonly encryptedData: string;
  /**
   * The scope that it was sealed with.
   * @default "strict"
   */
  readonly scope?: SealingScope;
}

/**
 * A SealedSecret that makes a Secret of type `kubernetes.io/dockerconfigjson`. Only the controller of the cluster
 * can open it: it is safe in git.
 */
export class SealedRegistrySecret extends Construct {
  constructor(scope: Construct, id: string, props: SealedRegistrySecretProps) {
    super(scope, id);
    const { name, component, instance, encryptedData, scope: sealing = 'strict' } = props;
    const namespace = props.namespace ?? Chart.of(this).namespace;
    const base = metadata(component, name, { namespace, instance });
    const annotations = scopeAnnotations(sealing);
    new SealedSecret(this, 'Default', {
      metadata: { ...base, annotations },
      spec: {
        encryptedData: { '.dockerconfigjson': encryptedData },
        template: {
          metadata: {
            name,
            ...(namespace !== undefined && { namespace }),
            labels: labels(component, instance),
            ...(sealing !== 'strict' && { annotations }),
          },
          type: 'kubernetes.io/dockerconfigjson',
        },
      },
    });
  }
}
