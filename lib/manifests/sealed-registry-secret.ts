import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { renderSealedSecret, type SealedSecretContent } from '../credentials/sealed-secret.ts';
import { labels } from './metadata.ts';

export interface SealedRegistrySecretProps extends SealedSecretContent {
  /** Name of the SealedSecret and of the Secret that it makes; with scope strict the ciphertext is bound to it. */
  readonly name: string;
  readonly namespace: string;
  /** What the Secret is for, as its label `app.kubernetes.io/component`. */
  readonly component: string;
}

/**
 * A SealedSecret that makes a Secret of type `kubernetes.io/dockerconfigjson`. Only the controller of the cluster
 * can open it: it is safe in git.
 */
export class SealedRegistrySecret extends Construct {
  constructor(scope: Construct, id: string, props: SealedRegistrySecretProps) {
    super(scope, id);
    const { name, namespace } = props;
    const common = { name, namespace, labels: labels(props.component) };
    const { annotations, ...object } = renderSealedSecret({ ...props, ...common });
    new ApiObject(this, 'Default', { ...object, metadata: { ...common, annotations } });
  }
}
