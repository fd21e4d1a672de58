import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { type ExternalSecretContent, renderExternalSecret } from '../credentials/external-secret.ts';
import { metadata, type PartProps } from './metadata.ts';

export interface ExternalRegistrySecretProps extends ExternalSecretContent, PartProps {
  /** Name of the ExternalSecret and of the Secret that it makes. */
  readonly name: string;
  /** What the Secret is for, as its label `app.kubernetes.io/component`. */
  readonly component: string;
}

/**
 * An ExternalSecret that makes a Secret of type `kubernetes.io/dockerconfigjson`, the same bytes as
 * `RegistrySecret` makes of the same logins. It holds no secret and is safe in git.
 */
export class ExternalRegistrySecret extends Construct {
  constructor(scope: Construct, id: string, props: ExternalRegistrySecretProps) {
    super(scope, id);
    const common = metadata(props.component, props.name, props);
    new ApiObject(this, 'Default', {
      ...renderExternalSecret({ ...props, labels: { ...common.labels } }),
      metadata: common,
    });
  }
}
