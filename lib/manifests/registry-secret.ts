import { Construct } from 'constructs';
import type { Plan } from '../plan/plan.ts';
import { metadata } from './metadata.ts';
import { addObject } from './object.ts';

/** A user name and password for one server. */
export interface RegistryLogin {
  /** host[:port]; in a mirror's credential also host/path. */
  readonly server: string;
  readonly username: string;
  readonly password: string;
}

export interface RegistrySecretProps {
  readonly plan: Plan;
  readonly name: string;
  readonly namespace: string;
  /** What the Secret is for, as its label `app.kubernetes.io/component`. */
  readonly component: string;
  /** The logins that it holds; at least one. */
  readonly logins: readonly RegistryLogin[];
}

/**
 * A Secret of type `kubernetes.io/dockerconfigjson`, the same bytes as `kubectl create secret docker-registry`
 * gives for one server. It holds the passwords as they are: keep the file that it is synthesised to out of git.
 */
export class RegistrySecret extends Construct {
  constructor(scope: Construct, id: string, props: RegistrySecretProps) {
    super(scope, id);
    const { plan, name, namespace, component, logins } = props;
    addObject(this, 'secret', 'Secret', metadata(plan, component, name, namespace), {
      apiVersion: 'v1',
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': base64(renderDockerConfig(logins)) },
    });
  }
}

/** The docker config that holds some logins. */
export function renderDockerConfig(logins: readonly RegistryLogin[]): string {
  const auths = logins.map(({ server, username, password }) => [
    server,
    { username, password, auth: base64(`${username}:${password}`) },
  ]);
  return JSON.stringify({ auths: Object.fromEntries(auths) });
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
