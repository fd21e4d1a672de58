import { createHash } from 'node:crypto';
import type { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { renderPlanFiles } from '../mirror/plan-file.ts';
import { SCRIPT } from '../mirror/script.ts';
import { partition } from '../mirror/shards.ts';
import type { Plan } from '../plan/model.ts';
import { labels, metadata } from './metadata.ts';
import type { MirrorCaBundle, MirrorClientCertificate, MirrorProxy } from './mirror-access.ts';
import { MIRROR_DIR, type MirrorFile, renderPod } from './mirror-pod.ts';
import { addObject } from './object.ts';

/** A Secret of type `kubernetes.io/dockerconfigjson` in the namespace of the Job, and what it is for. */
export interface MirrorCredential {
  /** host[:port], or host/path for a part of it. */
  readonly server: string;
  /** Name of the Secret. */
  readonly secretName: string;
}

export interface MirrorJobProps {
  readonly plan: Plan;
  readonly namespace: string;
  /** The image that the Job runs, with skopeo and a POSIX shell: `quay.io/skopeo/stable@sha256:…`. */
  readonly image: string;
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
   * The cluster's Kubernetes, `1.N`. From 1.29 on a shard has retries of its own.
   * @default "1.28"
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
}

/**
 * A ConfigMap must fit into 1 MiB, and with `kubectl apply` into the 256 KiB that all annotations of an object
 * have together, because that keeps a copy of the object there, in which quotes and line breaks take two bytes.
 */
const MAX_CONFIG_MAP_BYTES = 208 * 1024;
const MAX_FILE_BYTES = 160 * 1024;

/** How often Kubernetes starts a pod anew; within a pod, mirror.sh retries by itself. */
const RETRIES = 3;

/** Exit codes of mirror.sh that another run would only repeat: used wrongly, and nothing but permanent failures. */
const FINAL_EXIT_CODES = [2, 3];

/**
 * The Job that copies every image of the plan into the local registry, with the ConfigMaps of its script and plan
 * and a ServiceAccount that may do nothing.
 *
 * A Job's pod template is immutable, so the name carries a hash of all that the Job does: a new plan is a new Job,
 * the same plan the same Job.
 */
export class MirrorJob extends Construct {
  /** The name of the Job. */
  readonly name: string;

  constructor(scope: Construct, id: string, props: MirrorJobProps) {
    super(scope, id);
    const { plan, namespace, mode = 'copy' } = props;
    const folders = renderFolders(props);
    const configMaps = pack(folders.flatMap(({ files }) => files));
    const prefix = mode === 'verify' ? 'ess-mirror-verify' : 'ess-mirror';
    const jobSpec = (name: string): k8s.JobSpec => {
      const files = configMaps.flatMap((content, index) =>
        content.map(({ key, path }): MirrorFile => ({ configMap: configMapName(name, index), key, path })),
      );
      return renderJob(props, renderPod(props, files, planArguments(folders)));
    };
    this.name = `${prefix}-${hash(plan.hash, configMaps, jobSpec(''))}`;

    addObject(this, 'service-account', 'ServiceAccount', metadata(plan, 'mirror', 'ess-mirror', namespace), {
      apiVersion: 'v1',
      automountServiceAccountToken: false,
    });
    configMaps.forEach((content, index) => {
      const name = configMapName(this.name, index);
      addObject(this, `config-map-${index}`, 'ConfigMap', metadata(plan, 'mirror', name, namespace), {
        apiVersion: 'v1',
        data: Object.fromEntries(content.map(({ key, text }) => [key, text])),
      });
    });
    addObject(this, 'job', 'Job', metadata(plan, 'mirror', this.name, namespace), {
      apiVersion: 'batch/v1',
      spec: jobSpec(this.name),
    });
  }
}

function configMapName(job: string, index: number): string {
  return index === 0 ? job : `${job}-${index}`;
}

/** A file that the pod reads: the key of a ConfigMap, and its path below {@link MIRROR_DIR}. */
interface Content {
  readonly key: string;
  readonly path: string;
  readonly text: string;
}

/** The plan files of each shard, in a folder of its own where there are more than one; and the script. */
function renderFolders({ plan, credentials = [], shards = 1 }: MirrorJobProps): {
  folder: string;
  files: Content[];
}[] {
  const auth = credentials.map(({ server, secretName }) => ({ server, folder: secretName }));
  const planFiles = (relocations: Plan['relocations'], folder: string): Content[] =>
    renderPlanFiles(relocations, auth, MAX_FILE_BYTES).map((text, index) => {
      const name = `images-${String(index).padStart(3, '0')}.plan`;
      return folder === ''
        ? { key: name, path: name, text }
        : { key: `${folder}.${name}`, path: `${folder}/${name}`, text };
    });
  const own = Object.entries(SCRIPT).map(([name, text]): Content => ({ key: name, path: name, text }));
  const [first, ...others] =
    shards === 1
      ? [{ folder: '', files: planFiles(plan.relocations, '') }]
      : partition(plan.relocations, shards).map((images, index) => ({
          folder: `shard-${index}`,
          files: planFiles(images, `shard-${index}`),
        }));
  return first ? [{ folder: first.folder, files: [...own, ...first.files] }, ...others] : [];
}

/** Files into as few ConfigMaps as hold them, in their order. */
function pack(files: readonly Content[]): Content[][] {
  const configMaps: Content[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const file of files) {
    bytes += file.text.length;
    if (bytes > MAX_CONFIG_MAP_BYTES) {
      configMaps.push([]);
      bytes = file.text.length;
    }
    configMaps.at(-1)?.push(file);
  }
  return configMaps;
}

/** What mirror.sh is given: its plan files, or the folder of the pod's own shard. */
function planArguments(folders: readonly { folder: string; files: readonly Content[] }[]): string[] {
  // The Job controller sets the variable in each pod of an Indexed Job, and the kubelet fills it in.
  if (folders.length > 1) return [`${MIRROR_DIR}/shard-$(JOB_COMPLETION_INDEX)`];
  return folders.flatMap(({ files }) =>
    files.flatMap(({ path }) => (path.endsWith('.plan') ? [`${MIRROR_DIR}/${path}`] : [])),
  );
}

/**
 * A pod that was evicted or preempted does not count as a try. A pod whose failures are all permanent ends a Job
 * of one pod. Of several shards it may end only its own, which Kubernetes can do from 1.29 on; before, it is tried
 * again like any other, because ending the Job would stop the shards that are still copying.
 */
function renderJob(
  { plan, shards = 1, kubernetesVersion = '1.28' }: MirrorJobProps,
  spec: k8s.PodSpec,
): k8s.JobSpec {
  const perIndex = shards > 1 && Number(kubernetesVersion.split('.')[1]) >= 29;
  const onExit = (action: string, values: number[]): k8s.PodFailurePolicyRule => ({
    action,
    onExitCodes: { containerName: 'mirror', operator: 'In', values },
    // The OpenAPI schema of 1.28 asks for it, and so do validators and older kubectl; the API server does not.
    onPodConditions: [],
  });
  const rules: k8s.PodFailurePolicyRule[] = [
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    ...(shards === 1 ? [onExit('FailJob', FINAL_EXIT_CODES)] : []),
    ...(perIndex ? [onExit('FailIndex', FINAL_EXIT_CODES)] : []),
  ];
  return {
    ...(perIndex ? { backoffLimitPerIndex: RETRIES } : { backoffLimit: RETRIES * shards }),
    podFailurePolicy: { rules },
    ...(shards > 1 && { completionMode: 'Indexed', completions: shards, parallelism: shards }),
    template: {
      metadata: { labels: labels('mirror'), annotations: metadata(plan, 'mirror', '').annotations },
      spec,
    },
  };
}

/** Ten digits of a hash of everything that the pod does: enough to tell the plans of one cluster apart. */
function hash(...values: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, 10);
}
