import { Construct } from 'constructs';
import { type RegistryLogin, renderDockerConfig } from '../credentials/docker-config.ts';
import { validateSecretFiles } from './committed-secrets.ts';
import { metadata, type PartProps } from './metadata.ts';
import { addObject } from './object.ts';

export interface RegistrySecretProps extends PartProps {
  readonly name: string;
  /** What the Secret is for, as its label `app.kubernetes.io/component`. */
  readonly component: string;
  /** The logins that it holds; at least one. */
  readonly logins: readonly RegistryLogin[];
}

/**
 * A Secret of type `kubernetes.io/dockerconfigjson`, the same bytes as `kubectl create secret docker-registry`
 * makes for one server. It holds the passwords as they are: an app that would write it to a file that git commits does
 * not synthesise.
 */
export class RegistrySecret extends Construct {
  constructor(scope: Construct, id: string, props: RegistrySecretProps) {
    super(scope, id);
    const { name, component, logins } = props;
    addObject(this, 'Default', 'Secret', metadata(component, name, props), {
      apiVersion: 'v1',
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': Buffer.from(renderDockerConfig(logins), 'utf8').toString('base64') },
    });
    validateSecretFiles(this);
  }
}
