import * as z from 'zod/mini';
import { count, key, objectName, text } from './schema-parts.ts';

// The part of airgap.yaml that is about the pods of the Job: what clusters ask of pods, whatever these do.

const quantity = (value: string): string | undefined =>
  /^\+?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+|[KMGTPE]i|[numkMGTPE])?$/.test(value)
    ? undefined
    : 'expected a quantity such as 500m, 2 or 512Mi';
const qualifiedName = (value: string): string | undefined =>
  /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/.test(value)
    ? undefined
    : 'expected a name such as team or example.org/team';
const labelValue = (value: string): string | undefined =>
  /^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/.test(value)
    ? undefined
    : 'expected at most 63 letters, digits, dashes, underscores and dots, with a letter or digit at both ends';
/** Labels by which the NetworkPolicy and documented commands select the pods. */
const ownLabel = (value: string): string | undefined =>
  qualifiedName(value) ??
  (/^app\.kubernetes\.io\/(name|component|part-of|managed-by|instance)$/.test(value)
    ? 'ess-airgap sets this label itself; expected another label'
    : undefined);

/** A mapping of strings whose keys `invalidReason` accepts. */
function texts(invalidReason: (key: string) => string | undefined, value = text()) {
  return z.record(z.string(), value).check(
    z.check((context) => {
      for (const name of Object.keys(context.value)) {
        const reason = invalidReason(name);
        if (reason)
          context.issues.push({ code: 'custom', message: `"${name}": ${reason}`, input: context.value });
      }
    }),
  );
}

/** A function, because each key needs a schema object of its own for its description. */
const quantities = () => z.optional(texts(qualifiedName, text(quantity)));

/** Keys of `mirror`. */
export const pod = {
  activeDeadlineSeconds: key(
    'Seconds after which Kubernetes ends the Job and deletes its running pods with their logs. Without a limit, a pod whose image cannot be pulled would wait forever. Default: 86400 (one day).',
    z._default(count(60, 2_592_000), 86_400),
  ),
  runAsUser: key(
    'fixed: the pod runs as user and group 65532. assigned: the pod sets no user, and the cluster assigns one, as OpenShift does. Default: fixed.',
    z._default(z.enum(['fixed', 'assigned']), 'fixed'),
  ),
  resources: key(
    'Requests and limits of the container. They replace all defaults, not only those that you set. Default: requests of 100m CPU, 128Mi memory and 256Mi ephemeral-storage; limits of 2 CPUs, 1Gi memory per 4 of parallel, and 3Gi ephemeral-storage.',
    z.optional(
      z.strictObject({
        requests: key('By resource: cpu, memory, ephemeral-storage. Default: none.', quantities()),
        limits: key('By resource: cpu, memory, ephemeral-storage. Default: none.', quantities()),
      }),
    ),
  ),
  nodeSelector: key(
    'Labels of the nodes that the pods may run on. Default: any node.',
    z._default(texts(qualifiedName, text(labelValue)), {}),
  ),
  tolerations: key(
    'Tolerations of the pods, as in a pod specification. Default: none.',
    z._default(
      z.array(
        z.strictObject({
          key: key('Key of the taint. Default: all keys.', z.optional(text(qualifiedName))),
          operator: key(
            'Operator that compares the value. Default: Equal.',
            z.optional(z.enum(['Exists', 'Equal'])),
          ),
          value: key('Value of the taint, for Equal. Default: empty.', z.optional(text(labelValue))),
          effect: key(
            'Effect of the taint. Default: all effects.',
            z.optional(z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])),
          ),
          tolerationSeconds: key(
            'Seconds that the taint is tolerated, for NoExecute. Default: forever.',
            z.optional(count(0, 2_592_000)),
          ),
        }),
      ),
      [],
    ),
  ),
  priorityClassName: key(
    'Priority class of the pods. Default: the default of the cluster.',
    z.optional(text(objectName)),
  ),
  podAnnotations: key('Annotations of the pods. Default: none.', z._default(texts(qualifiedName), {})),
  podLabels: key(
    'Labels of the pods in addition to those that ess-airgap sets. Default: none.',
    z._default(texts(ownLabel, text(labelValue)), {}),
  ),
};
