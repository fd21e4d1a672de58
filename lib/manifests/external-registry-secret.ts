import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { type ExternalSecretContent, renderExternalSecret } from '../credentials/external-secret.ts';
import { labels } from './metadata.ts';

export interface ExternalRegistrySecretProps extends ExternalSecretContent {
  /** Name of the ExternalSecret and of the Secret that it makes. */
  readonly name: string;
  readonly namespace: string;
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
    const metadata = { name: props.name, namespace: props.namespace, labels: labels(props.component) };
    new ApiObject(this, 'Default', {
      ...renderExternalSecret({ ...props, labels: metadata.labels }),
      metadata,
    });
  }
}
