import { createHash } from 'node:crypto';
import type { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import script from '../mirror/mirror.sh';
import { type PlanFileAuth, renderPlanFiles } from '../mirror/plan-file.ts';
import type { Plan } from '../plan/plan.ts';
import { labels, metadata } from './metadata.ts';
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
   * Credentials for upstream registries and for the push; each image is given only the one for its server.
   * @default - every registry is open
   */
  readonly credentials?: readonly MirrorCredential[];
  /**
   * Servers that may be spoken to over plain HTTP or with a certificate that nobody checks.
   * @default - none
   */
  readonly insecure?: readonly string[];
}

/**
 * A ConfigMap must fit into 1 MiB, and with `kubectl apply` into the 256 KiB that all annotations of an object
 * have together, because that keeps a copy of the object there.
 */
const MAX_PLAN_BYTES = 160 * 1024;

const MIRROR_DIR = '/etc/ess-airgap';
const AUTH_DIR = '/run/secrets/ess-airgap';
const WORK_DIR = '/work';
/** Nobody in any image: not root, and the owner of nothing. */
const USER = 65532;

/**
 * The Job that copies every image of the plan into the local registry, with the ConfigMap of its script and plan
 * and a ServiceAccount that may do nothing. It passes the PodSecurity standard `restricted`.
 *
 * A Job's pod template is immutable, so the name carries a hash of all that the Job does: a new plan is a new Job,
 * the same plan the same Job.
 */
export class MirrorJob extends Construct {
  /** The name of the Job. */
  readonly name: string;

  constructor(scope: Construct, id: string, props: MirrorJobProps) {
    super(scope, id);
    const { plan, namespace, credentials = [] } = props;
    const auth = credentials.map(({ server, secretName }) => ({ server, folder: secretName }));
    const parts = renderParts(plan, auth);
    const secrets = [...new Set(credentials.map(({ secretName }) => secretName))];
    const podSpec = (configMaps: readonly string[]): k8s.PodSpec =>
      renderPod(props, parts, configMaps, secrets);

    this.name = `ess-mirror-${hash(plan.hash, parts, podSpec([]))}`;
    const configMaps = parts.map((_, index) => (index === 0 ? this.name : `${this.name}-${index}`));

    addObject(this, 'service-account', 'ServiceAccount', metadata(plan, 'mirror', 'ess-mirror', namespace), {
      apiVersion: 'v1',
      automountServiceAccountToken: false,
    });
    parts.forEach((data, index) => {
      const name = configMaps[index] ?? '';
      addObject(this, `config-map-${index}`, 'ConfigMap', metadata(plan, 'mirror', name, namespace), {
        apiVersion: 'v1',
        data,
      });
    });
    addObject(this, 'job', 'Job', metadata(plan, 'mirror', this.name, namespace), {
      apiVersion: 'batch/v1',
      spec: {
        backoffLimit: 3,
        template: {
          metadata: { labels: labels('mirror'), annotations: metadata(plan, 'mirror', '').annotations },
          spec: podSpec(configMaps),
        },
      },
    });
  }
}

/** The data of each ConfigMap: the first also holds the script. */
function renderParts(plan: Plan, auth: readonly PlanFileAuth[]): Record<string, string>[] {
  return renderPlanFiles(plan.relocations, auth, MAX_PLAN_BYTES).map((file, index) => ({
    ...(index === 0 && { 'mirror.sh': script }),
    [planFileName(index)]: file,
  }));
}

function planFileName(index: number): string {
  return `images-${String(index).padStart(3, '0')}.plan`;
}

/** Ten digits of a hash of everything that the pod does: enough to tell the plans of one cluster apart. */
function hash(...values: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, 10);
}

function renderPod(
  { image, insecure = [] }: MirrorJobProps,
  parts: readonly unknown[],
  configMaps: readonly string[],
  secrets: readonly string[],
): k8s.PodSpec {
  return {
    restartPolicy: 'Never',
    serviceAccountName: 'ess-mirror',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'mirror',
        image,
        imagePullPolicy: 'IfNotPresent',
        command: ['/bin/sh', `${MIRROR_DIR}/mirror.sh`],
        args: parts.map((_, index) => `${MIRROR_DIR}/${planFileName(index)}`),
        env: [
          { name: 'HOME', value: `${WORK_DIR}/home` },
          { name: 'TMPDIR', value: `${WORK_DIR}/tmp` },
          { name: 'ESS_AIRGAP_AUTH_DIR', value: AUTH_DIR },
          ...(insecure.length > 0 ? [{ name: 'ESS_AIRGAP_INSECURE', value: insecure.join(' ') }] : []),
        ],
        // Quantities are written as they are; the types of cdk8s-plus want its own class for them.
        resources: {
          requests: { cpu: '100m', memory: '128Mi' },
          limits: { cpu: '2', memory: '1Gi' },
        } as unknown as k8s.ResourceRequirements,
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [
          { name: 'mirror', mountPath: MIRROR_DIR, readOnly: true },
          ...(secrets.length > 0 ? [{ name: 'auth', mountPath: AUTH_DIR, readOnly: true }] : []),
          { name: 'work', mountPath: WORK_DIR },
        ],
      },
    ],
    volumes: [
      { name: 'mirror', projected: { sources: configMaps.map((name) => ({ configMap: { name } })) } },
      ...(secrets.length > 0
        ? [{ name: 'auth', projected: { defaultMode: 0o440, sources: secrets.map(authSource) } }]
        : []),
      { name: 'work', emptyDir: { sizeLimit: '2Gi' as unknown as k8s.Quantity } },
    ],
  };
}

/** Each Secret as the folder of its name, so that the script can give an image the one that it needs. */
function authSource(name: string): k8s.VolumeProjection {
  return { secret: { name, items: [{ key: '.dockerconfigjson', path: `${name}/config.json` }] } };
}
