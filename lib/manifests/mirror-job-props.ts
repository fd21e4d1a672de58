import type { Plan } from '../plan/model.ts';
import type { PartProps } from './metadata.ts';
import type { MirrorCaBundle, MirrorClientCertificate, MirrorProxy } from './mirror-access.ts';

/** A Secret of type `kubernetes.io/dockerconfigjson` in the namespace of the Job, and what it is for. */
export interface MirrorCredential {
  /** host[:port], or host/path for a part of it. */
  readonly server: string;
  /** Name of the Secret. */
  readonly secretName: string;
}

/** A toleration of a pod; what is left out means what it means in Kubernetes. */
export interface MirrorToleration {
  readonly key?: string;
  readonly operator?: 'Exists' | 'Equal';
  readonly value?: string;
  readonly effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  readonly tolerationSeconds?: number;
}

export interface MirrorJobProps extends PartProps {
  readonly plan: Plan;
  /** The image that the Job runs, with skopeo and a POSIX shell: `quay.io/skopeo/stable@sha256:…`. */
  readonly image: string;
  /**
   * Beginning of the names of the Job, its ConfigMaps and its ServiceAccount, at most 50 characters. Give each mirror
   * its own name if one namespace holds several.
   * @default "ess-mirror", or "ess-mirror-verify" in mode verify
   */
  readonly name?: string;
  /**
   * copy: bring what is missing. verify: copy nothing; the Job succeeds if every image is there.
   * @default "copy"
   */
  readonly mode?: 'copy' | 'verify';
  /**
   * How many images a pod copies at once.
   * @default 4
   */
  readonly parallel?: number;
  /**
   * How many pods share the images; more than one makes an Indexed Job.
   * @default 1
   */
  readonly shards?: number;
  /**
   * The cluster's Kubernetes, `1.N`. From 1.29 on a shard has retries of its own; before, a shard that cannot succeed
   * uses up the tries of all.
   * @default "1.29"
   */
  readonly kubernetesVersion?: string;
  /**
   * Credentials for upstream registries and for the push; each image is given only the one for its server.
   * @default - every registry is open
   */
  readonly credentials?: readonly MirrorCredential[];
  /**
   * Servers that may be spoken to over plain HTTP or with a certificate that nobody checks.
   * @default - none
   */
  readonly insecure?: readonly string[];
  /**
   * Certificates to trust in addition to those of the image.
   * @default - none
   */
  readonly caBundle?: MirrorCaBundle;
  /** @default - none */
  readonly clientCertificates?: readonly MirrorClientCertificate[];
  /** @default - every registry is reached directly */
  readonly proxy?: MirrorProxy;
  /**
   * Seconds after which Kubernetes ends the Job, whatever it is doing: a pod whose image cannot be pulled would wait
   * for ever. Kubernetes deletes running pods then, and their logs with them.
   * @default 86400
   */
  readonly activeDeadlineSeconds?: number;
  /**
   * Requests and limits of the container, instead of the defaults: all of them, not some.
   * @default - 100m CPU, 128Mi memory and 256Mi ephemeral storage; at most 2 CPUs, 1Gi memory for each 4 of `parallel`,
   *   and 3Gi ephemeral storage
   */
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
  /**
   * fixed: the pod runs as user and group 65532. assigned: the pod names no user, and the cluster assigns one, as
   * OpenShift does.
   * @default "fixed"
   */
  readonly runAsUser?: 'fixed' | 'assigned';
  /** @default - any node */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** @default - none */
  readonly tolerations?: readonly MirrorToleration[];
  /** @default - that of the cluster */
  readonly priorityClassName?: string;
  /** @default - none */
  readonly podAnnotations?: Readonly<Record<string, string>>;
  /**
   * Labels of the pod beside those of this library, which they cannot replace, and those of the chart.
   * @default - none
   */
  readonly podLabels?: Readonly<Record<string, string>>;
}
