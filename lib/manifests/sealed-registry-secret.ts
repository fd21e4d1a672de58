import { Construct } from 'constructs';
import { SealedSecret, type SealingScope, scopeAnnotations } from '../../imports/bitnami.com.ts';
import type { Plan } from '../plan/model.ts';
import { labels, metadata } from './metadata.ts';

export interface SealedRegistrySecretProps {
  readonly plan: Plan;
  /** Name of the SealedSecret and of the Secret that it makes; with scope strict the ciphertext is bound to it. */
  readonly name: string;
  readonly namespace: string;
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
    const { plan, name, namespace, component, encryptedData, scope: sealing = 'strict' } = props;
    const base = metadata(plan, component, name, namespace);
    const annotations = scopeAnnotations(sealing);
    new SealedSecret(this, 'sealed-secret', {
      metadata: { ...base, annotations: { ...base.annotations, ...annotations } },
      spec: {
        encryptedData: { '.dockerconfigjson': encryptedData },
        template: {
          metadata: {
            name,
            namespace,
            labels: labels(component),
            ...(sealing !== 'strict' && { annotations }),
          },
          type: 'kubernetes.io/dockerconfigjson',
        },
      },
    });
  }
}
