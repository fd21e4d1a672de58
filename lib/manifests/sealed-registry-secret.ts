import { ApiObject, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { renderSealedSecret, type SealedSecretContent } from '../credentials/sealed-secret.ts';
import { metadata, type PartProps } from './metadata.ts';

export interface SealedRegistrySecretProps extends SealedSecretContent, PartProps {
  /** Name of the SealedSecret and of the Secret that it makes; with scope strict the ciphertext is bound to it. */
  readonly name: string;
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
    const { name, component, namespace = Chart.of(this).namespace } = props;
    const common = metadata(component, name, { ...props, namespace });
    const { annotations, ...object } = renderSealedSecret({
      ...props,
      namespace,
      labels: { ...common.labels },
    });
    new ApiObject(this, 'Default', { ...object, metadata: { ...common, annotations } });
  }
}
