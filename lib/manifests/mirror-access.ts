// Settings that the Job needs, in addition to credentials, to reach registries in private networks.

/** An HTTP proxy. */
export interface MirrorProxy {
  /** `http://host:port`, without credentials: it stands in the pod's environment. */
  readonly url: string;
  /**
   * Hosts, domains and networks that are reached without it, as in NO_PROXY.
   * @default - none
   */
  readonly noProxy?: readonly string[];
}

/** A key of a ConfigMap or Secret in the namespace of the Job: certificates of CAs, PEM. */
export interface MirrorCaBundle {
  readonly source: 'configMap' | 'secret';
  readonly name: string;
  readonly key: string;
}

/** A Secret of type `kubernetes.io/tls` in the namespace of the Job, for a server that asks for a certificate. */
export interface MirrorClientCertificate {
  /** host[:port]. */
  readonly server: string;
  /** Name of the Secret. */
  readonly secretName: string;
}
