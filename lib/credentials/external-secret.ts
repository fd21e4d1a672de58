import {
  EXTERNAL_SECRET,
  type ExternalSecretSpec,
  type RemoteRef,
} from '../../imports/external-secrets.io.ts';
import type { Credential, CredentialSource, SecretObject, SecretObjectProps } from './credential-source.ts';

/** A user name and password in a secret store, which the External Secrets Operator reads. */
export const externalSecret: CredentialSource<'externalSecret'> = {
  secret: 'object',
  secretName: ({ config }) => config.name,
  identity({ config, namespace }) {
    const { store, password } = config;
    const { key, property } = password;
    // A SecretStore is that of its namespace.
    const place = store.kind === 'SecretStore' ? namespace : undefined;
    return {
      id: JSON.stringify([store.kind, place, store.name, key, property]),
      shared: `${key} of the ${store.kind} ${store.name}`,
    };
  },
  isOneSecret: (a, b) =>
    a.config.store.name === b.config.store.name &&
    a.config.store.kind === b.config.store.kind &&
    a.config.refreshInterval === b.config.refreshInterval &&
    a.server !== b.server,
  object(credentials, props) {
    const { store, refreshInterval } = credentials[0].config;
    return renderExternalSecret({ ...props, store, refreshInterval, logins: credentials.map(remoteLogin) });
  },
};

function remoteLogin({ server, config }: Credential<'externalSecret'>): RemoteLogin {
  return { server, username: config.username, password: config.password };
}

/** Where a secret store has the user name and password for one server. */
export interface RemoteLogin {
  /** host[:port]; in a mirror's credential also host/path. */
  readonly server: string;
  readonly username: RemoteRef;
  readonly password: RemoteRef;
}

export interface ExternalSecretContent {
  /** The store that the operator reads from. */
  readonly store: { readonly name: string; readonly kind: 'SecretStore' | 'ClusterSecretStore' };
  /** The logins that it holds; at least one. */
  readonly logins: readonly RemoteLogin[];
  /**
   * How often the operator reads the store, as a Go duration; 0: once.
   * @default "1h"
   */
  readonly refreshInterval?: string;
}

const DEFAULTS = { conversionStrategy: 'Default', decodingStrategy: 'None', metadataPolicy: 'None' } as const;

/** Returns the ExternalSecret that makes a Secret with the same bytes as `renderDockerConfig` makes of the same logins. */
export function renderExternalSecret(props: ExternalSecretContent & SecretObjectProps): SecretObject {
  const { name, labels, store, logins, refreshInterval = '1h' } = props;
  const spec: ExternalSecretSpec = {
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
        metadata: { labels },
        data: { '.dockerconfigjson': renderTemplate(logins.map(({ server }) => server)) },
      },
    },
    data: logins.flatMap(({ username, password }, index) => [
      { secretKey: `username_${index}`, remoteRef: { ...DEFAULTS, ...username } },
      { secretKey: `password_${index}`, remoteRef: { ...DEFAULTS, ...password } },
    ]),
  };
  return { ...EXTERNAL_SECRET, spec };
}

/**
 * The Go template of the docker config. toRawJson and not toJson, which writes & < > as escapes: the bytes must be
 * those of `renderDockerConfig`. A server can hold nothing that JSON or a template would read as its own.
 */
function renderTemplate(servers: readonly string[]): string {
  const auths = servers.map((server, index) => {
    const [username, password] = [`.username_${index}`, `.password_${index}`];
    return `"${server}":{"username":{{ ${username} | toRawJson }},"password":{{ ${password} | toRawJson }},"auth":"{{ printf "%s:%s" ${username} ${password} | b64enc }}"}`;
  });
  return `{"auths":{${auths.join(',')}}}`;
}
