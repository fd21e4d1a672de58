import { ApiObject, Chart } from 'cdk8s';
import type { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { version } from '../../package.json';
import { contentHash } from './content-hash.ts';
import { labels, metadata, type PartProps, planAnnotation } from './metadata.ts';
import { type MirrorConfigMap, renderMirrorFiles } from './mirror-files.ts';
import type { MirrorJobProps } from './mirror-job-props.ts';
import { MIRROR_DIR, renderPod } from './mirror-pod.ts';
import { addObject, type Plain } from './object.ts';
import { validatePlan } from './plan-errors.ts';

/** Number of times that Kubernetes restarts a failed pod. Within a pod, mirror.sh retries by itself. */
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
