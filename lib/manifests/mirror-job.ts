import { ApiObject, Chart } from 'cdk8s';
import type { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { version } from '../../package.json';
import type { Plan } from '../plan/model.ts';
import { contentHash } from './content-hash.ts';
import { labels, metadata, type PartProps, planAnnotation } from './metadata.ts';
import type { MirrorCaBundle, MirrorClientCertificate, MirrorProxy } from './mirror-access.ts';
import { type MirrorConfigMap, renderMirrorFiles } from './mirror-files.ts';
import { MIRROR_DIR, renderPod } from './mirror-pod.ts';
import { addObject, type Plain } from './object.ts';
import { validatePlan } from './plan-errors.ts';

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
   * Certificates to trust besides those that the image brings.
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

/** How often Kubernetes starts a pod anew; within a pod, mirror.sh retries by itself. */
const RETRIES = 3;

/** Exit codes of mirror.sh that another run would only repeat: used wrongly, and nothing but permanent failures. */
const FINAL_EXIT_CODES = [2, 3];

/** Long enough for a first copy over a slow line. */
const DEADLINE_SECONDS = 24 * 60 * 60;

/** Between the end of a name and the 63 characters that a label holds: the hash, and the index of a pod. */
const LONGEST_NAME = 50;

/**
 * The Job that copies every image of the plan into the local registry, with the ConfigMaps of its plan and script
 * and a ServiceAccount that may do nothing.
 *
 * A Job's pod template is immutable, so the name ends with a hash of the Job's spec, JSON patches included, and the
 * ConfigMaps that it names are named by their content: a Job that does something else is another Job, one that does the
 * same is the same Job.
 */
export class MirrorJob extends Construct {
  readonly #job: ContentNamedObject;

  constructor(scope: Construct, id: string, props: MirrorJobProps) {
    super(scope, id);
    const { plan, mode = 'copy', shards = 1, credentials = [] } = props;
    validatePlan(this, plan);
    const prefix = props.name ?? (mode === 'verify' ? 'ess-mirror-verify' : 'ess-mirror');
    if (prefix.length > LONGEST_NAME)
      throw new RangeError(
        `the name ${prefix} has ${prefix.length} characters; expected ${LONGEST_NAME} at most`,
      );
    const auth = credentials.map(({ server, secretName }) => ({ server, folder: secretName }));
    const files = renderMirrorFiles(prefix, plan, auth, shards);

    this.#addConfigMaps('plan', files.plan, props, planAnnotation(plan));
    addObject(this, 'service-account', 'ServiceAccount', metadata('mirror', prefix, props), {
      apiVersion: 'v1',
      automountServiceAccountToken: false,
    });
    this.#addConfigMaps('script', files.script, props, { 'ess-airgap/version': version });
    const pod = renderPod(props, prefix, [...files.plan, ...files.script], files.args(MIRROR_DIR));
    this.#job = new ContentNamedObject(this, 'Default', {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { ...metadata('mirror', prefix, props), annotations: planAnnotation(plan) },
      spec: renderJob(props, podMetadata(this, props), pod),
    });
  }

  /** The name of the Job, by all that it does: patches that are added later change it. */
  get name(): string {
    return this.#job.toJson().metadata.name;
  }

  #addConfigMaps(
    id: string,
    configMaps: readonly MirrorConfigMap[],
    props: PartProps,
    annotations?: Record<string, string>,
  ): void {
    configMaps.forEach(({ name, files }, index) => {
      addObject(
        this,
        index === 0 ? id : `${id}-${index}`,
        'ConfigMap',
        { ...metadata('mirror', name, props), ...(annotations && { annotations }) },
        {
          apiVersion: 'v1',
          immutable: true,
          data: Object.fromEntries(files.map(({ key, text }) => [key, text])),
        },
      );
    });
  }
}

/** An object whose name gets a hash of its spec at the end, when it is rendered: after every patch. */
class ContentNamedObject extends ApiObject {
  override toJson() {
    const json = super.toJson();
    const { name } = json.metadata;
    // A patch may have given it a name of the user's own.
    if (name !== this.name) return json;
    return { ...json, metadata: { ...json.metadata, name: `${name}-${contentHash(json.spec)}` } };
  }
}

/** The pods carry the labels of the chart too, which cdk8s gives to objects alone. */
function podMetadata(
  scope: Construct,
  { podLabels, podAnnotations, instance }: MirrorJobProps,
): Plain<k8s.ObjectMeta> {
  return {
    labels: { ...Chart.of(scope).labels, ...podLabels, ...labels('mirror', instance) },
    ...(podAnnotations && Object.keys(podAnnotations).length > 0 && { annotations: podAnnotations }),
  };
}

/**
 * A pod that was evicted or preempted does not count as a try. A pod whose failures are all permanent ends a Job
 * of one pod. Of several shards it may end only its own, which Kubernetes can do from 1.29 on; before, it is tried
 * again like any other, because ending the Job would stop the shards that are still copying.
 */
function renderJob(
  { shards = 1, kubernetesVersion = '1.29', activeDeadlineSeconds = DEADLINE_SECONDS }: MirrorJobProps,
  podMetadata: Plain<k8s.ObjectMeta>,
  spec: Plain<k8s.PodSpec>,
): Plain<k8s.JobSpec> {
  const perIndex = shards > 1 && Number(kubernetesVersion.split('.')[1]) >= 29;
  const onExit = (action: string, values: number[]): Plain<k8s.PodFailurePolicyRule> => ({
    action,
    onExitCodes: { containerName: 'mirror', operator: 'In', values },
  });
  const rules: Plain<k8s.PodFailurePolicyRule>[] = [
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    ...(shards === 1 ? [onExit('FailJob', FINAL_EXIT_CODES)] : []),
    ...(perIndex ? [onExit('FailIndex', FINAL_EXIT_CODES)] : []),
  ];
  return {
    activeDeadlineSeconds,
    ...(perIndex ? { backoffLimitPerIndex: RETRIES } : { backoffLimit: RETRIES * shards }),
    podFailurePolicy: { rules },
    ...(shards > 1 && { completionMode: 'Indexed', completions: shards, parallelism: shards }),
    template: { metadata: podMetadata, spec },
  };
}
