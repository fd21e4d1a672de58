import type { Config, MirrorConfig } from '../config/schema.ts';
import type { Plan } from '../plan/model.ts';
import { productOf } from '../plan/products/index.ts';
import type { Instruction, Step } from '../plan/steps.ts';

/** What a synth wrote for one deployment: paths of files, and what is in them. */
export interface Written {
  /** The override ConfigMap, and what makes the pull Secret; undefined if there is neither. */
  readonly images?: string;
  /** The override as a file of Helm values; undefined for a release of the installer. */
  readonly values?: string;
  /** The mirror; undefined without a Job. */
  readonly mirror?: { readonly file: string; readonly job: string };
  /** The admission policy, which is cluster-scoped; undefined without a guard. */
  readonly guard?: string;
  /** Files with plain Secrets, by who needs them; one file may be in both lists. */
  readonly secrets: { readonly mirror: readonly string[]; readonly nodes: readonly string[] };
  /** The path of the configuration, if commands have to name it. */
  readonly config?: string;
}

/**
 * What to do with what a synth wrote, in an order in which no pod ever needs an image that is not there yet: mirror,
 * wait, check, then the admission policy, then the ConfigMap, then ESS.
 */
export function nextSteps(plan: Plan, config: Config, written: Written): Step[] {
  const { cluster, gitops, mirror } = config;
  return [
    [{ text: gitops === 'none' ? 'Review the files.' : 'Review the files and commit them.' }],
    ...(cluster ? [[{ text: `Point kubectl at the cluster ${cluster}.` }]] : []),
    ...(gitops === 'none'
      ? [
          ...(mirror && written.mirror
            ? runJob(mirror, written.mirror, written.secrets.mirror)
            : bringImages(config, written)),
          ...applyGuard(plan, config, written),
          ...applyOverride(plan, config, written),
        ]
      : leaveToTool(gitops, plan, config, written)),
    ...productOf(plan.release).lastSteps(plan, config, written),
  ];
}

/** Steps as numbered paragraphs. */
export function formatSteps(steps: readonly Step[]): string[] {
  return steps.flatMap((step, index) =>
    step.flatMap(({ text, commands = [] }, part) => [
      part === 0 ? `  ${index + 1}. ${text}` : `     ${text}`,
      ...commands.map((command) => `       ${command}`),
    ]),
  );
}

function runJob(
  { namespace, shards, mode, activeDeadlineSeconds }: MirrorConfig,
  { file, job }: NonNullable<Written['mirror']>,
  secrets: readonly string[],
): Step[] {
  const kubectl = `kubectl -n ${namespace}`;
  const does = mode === 'verify' ? 'Let a Job check that the registry has every image' : 'Copy the images';
  return [
    [
      {
        text: `${does}, and wait until the Job ends:`,
        commands: [
          apply([file, ...secrets]),
          `${kubectl} wait job/${job} --for=jsonpath='{.status.conditions[0].status}'=True --timeout=${duration(activeDeadlineSeconds)}`,
        ],
      },
    ],
    [
      {
        text: `Check that it succeeded: COMPLETIONS must be ${shards}/${shards}.`,
        commands: [`${kubectl} get job/${job}`],
      },
      ifItFailed(namespace, job, shards, 'and repeat the step before'),
    ],
  ];
}

function ifItFailed(namespace: string, job: string, shards: number, then: string): Instruction {
  const kubectl = `kubectl -n ${namespace}`;
  return {
    text: `If it failed, read the log, fix the cause, delete the Job ${then}:`,
    commands: [
      // Each shard may have had several pods.
      `${kubectl} logs -l batch.kubernetes.io/job-name=${job} --tail=-1 --prefix --max-log-requests=${4 * shards}`,
      `${kubectl} delete job/${job}`,
    ],
  };
}

/** Without a Job: the registry fetches by itself, or somebody brings the images. */
function bringImages({ registry }: Config, written: Written): Step[] {
  if (registry.pullThrough) return [];
  const option = written.config ? ` --config ${written.config}` : '';
  const server = registry.pushServer ?? registry.server;
  return [
    [
      {
        text: `Copy the images to ${server}, from a machine that reaches it and the upstream registries:`,
        commands: [`ess-airgap mirror${option}`],
      },
      {
        text: 'If there is no such machine, carry them: ess-airgap bundle, then ess-airgap load.',
      },
    ],
    [
      {
        text: 'Check that the registry has every image:',
        commands: [`ess-airgap verify${option}`],
      },
    ],
  ];
}

function applyGuard(plan: Plan, { namespace }: Config, { guard }: Written): Step[] {
  if (!guard) return [];
  return [
    [
      {
        text: `Then let the cluster admit only these images in ${namespace}. This needs the permission to change cluster-scoped objects:`,
        commands: [apply([guard], ...(isLarge(plan) ? ['--server-side'] : []))],
      },
    ],
  ];
}

function applyOverride(plan: Plan, config: Config, { images, secrets }: Written): Step[] {
  const options = isLarge(plan) ? ['--server-side'] : [];
  const others = secrets.nodes.filter((file) => !secrets.mirror.includes(file));
  const commands = [
    ...(others.length > 0 ? [apply(others)] : []),
    ...(images ? [apply([images], ...options)] : []),
  ];
  if (commands.length === 0) return [];
  const does = productOf(plan.release).hasConfigMap(config) ? 'let ESS use them' : 'create the pull Secret';
  return [[{ text: `Then ${does}; the namespace ${config.namespace} must exist:`, commands }]];
}

function leaveToTool(
  gitops: 'argocd' | 'flux',
  plan: Plan,
  config: Config,
  { secrets, ...written }: Written,
): Step[] {
  const { mirror, namespace } = config;
  const tool = gitops === 'argocd' ? 'Argo CD' : 'Flux';
  const hasConfigMap = productOf(plan.release).hasConfigMap(config);
  const plain = [...new Set([...secrets.mirror, ...secrets.nodes])];
  const namespaces = [...new Set([...(mirror ? [mirror.namespace] : []), namespace])].join(' and ');
  const order = !hasConfigMap
    ? `${tool} applies the mirror. Install the chart only after its Job has succeeded.`
    : gitops === 'argocd'
      ? `${tool} applies the mirror and, once its Job has succeeded, the ConfigMap.`
      : `${tool} applies the mirror and, once its Job has succeeded, the ConfigMap, if its Kustomization depends on that of the mirror.`;
  const guard = written.guard
    ? [
        {
          text: `${written.guard} is cluster-scoped: ${tool} needs the permission to apply it, together with the ConfigMap.`,
        },
      ]
    : [];
  const sync = gitops === 'argocd' ? 'and sync again' : 'and reconcile';
  const large =
    isLarge(plan) && gitops === 'argocd'
      ? [{ text: 'The ConfigMap is large: set the sync option ServerSideApply=true.' }]
      : [];
  return [
    ...(plain.length > 0
      ? [
          [
            {
              text: `${tool} does not apply the plain Secrets: apply them yourself. The namespaces ${namespaces} must exist:`,
              commands: [apply(plain)],
            },
          ],
        ]
      : []),
    mirror && written.mirror
      ? [
          { text: order },
          ifItFailed(mirror.namespace, written.mirror.job, mirror.shards, sync),
          ...large,
          ...guard,
        ]
      : [{ text: `${tool} applies ${hasConfigMap ? 'the ConfigMap' : 'the files'}.` }, ...large, ...guard],
  ];
}

function isLarge({ findings }: Plan): boolean {
  return findings.some(({ code }) => code === 'config-map-large');
}

function apply(files: readonly string[], ...options: string[]): string {
  return ['kubectl apply', ...options, ...[...new Set(files)].map((file) => `-f ${file}`)].join(' ');
}

function duration(seconds: number): string {
  return seconds % 3600 === 0 ? `${seconds / 3600}h` : `${seconds}s`;
}
