import { Construct } from 'constructs';
import { ExternalSecret, type RemoteRef } from '../../imports/external-secrets.io.ts';
import { labels, metadata, type PartProps } from './metadata.ts';

/** Where a secret store has the user name and password for one server. */
export interface RemoteLogin {
  /** host[:port]; in a mirror's credential also host/path. */
  readonly server: string;
  readonly username: RemoteRef;
  readonly password: RemoteRef;
}

export interface ExternalRegistrySecretProps extends PartProps {
  /** Name of the ExternalSecret and of the Secret that it makes. */
  readonly name: string;
  /** What the Secret is for, as its label `app.kubernetes.io/component`. */
  readonly component: string;
  /** The store that the operator reads from. */
  readonly store: { readonly name: string; readonly kind: 'SecretStore' | 'ClusterSecretStore' };
  /** The logins that it holds; at least one. */
  readonly logins: readonly RemoteLogin[];
  /**
   * How often the store is read anew, as a Go duration; 0: once.
   * @default "1h"
   */
  readonly refreshInterval?: string;
}

const DEFAULTS = { conversionStrategy: 'Default', decodingStrategy: 'None', metadataPolicy: 'None' } as const;

/**
 * An ExternalSecret that makes a Secret of type `kubernetes.io/dockerconfigjson`, the same bytes as
 * `RegistrySecret` makes of the same logins. It holds no secret and is safe in git.
 */
export class ExternalRegistrySecret extends Construct {
  constructor(scope: Construct, id: string, props: ExternalRegistrySecretProps) {
    super(scope, id);
    const { name, component, instance, store, logins, refreshInterval = '1h' } = props;
    new ExternalSecret(this, 'Default', {
      metadata: metadata(component, name, props),
      spec: {
        refreshInterval,
        secretStoreRef: { name: store.name, kind: store.kind },
        target: {
          name,
          creationPolicy: 'Owner',
          deletionPolicy: 'Retain',
          template: {
            engineVersion: 'v2',
            mergePolicy: 'Replace',
            type: 'kubernetes.io/dockerconfigjson',
            metadata: { labels: labels(component, instance) },
            data: { '.dockerconfigjson': renderTemplate(logins.map(({ server }) => server)) },
          },
        },
        data: logins.flatMap(({ username, password }, index) => [
          { secretKey: `username_${index}`, remoteRef: { ...DEFAULTS, ...username } },
          { secretKey: `password_${index}`, remoteRef: { ...DEFAULTS, ...password } },
        ]),
      },
    });
  }
}

/**
 * The Go template of the docker config. toRawJson and not toJson, which writes & < > as escapes: the bytes are to
 * be those of `RegistrySecret`. A server can hold nothing that JSON or a template would read as its own.
 */
function renderTemplate(servers: readonly string[]): string {
  const auths = servers.map((server, index) => {
    const [username, password] = [`.username_${index}`, `.password_${index}`];
    return `"${server}":{"username":{{ ${username} | toRawJson }},"password":{{ ${password} | toRawJson }},"auth":"{{ printf "%s:%s" ${username} ${password} | b64enc }}"}`;
  });
  return `{"auths":{${auths.join(',')}}}`;
}
