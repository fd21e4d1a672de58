import { isObject } from '../common/collections.ts';

/** A manifest that some app synthesised: anything, until it is looked at. */
export type Value = unknown;

/** A field of an object; undefined where the value is no object. */
export function field(value: Value, ...path: readonly string[]): Value {
  return path.reduce<Value>(
    (at, name) => (isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined),
    value,
  );
}

/** The items of a list; none where the value is no list. */
export function listOf(value: Value): readonly Value[] {
  return Array.isArray(value) ? value : [];
}

/** A pod and where its fields are in the manifest. */
export interface Pod {
  /** `spec` of a Pod, `spec.template.spec` of a Job. */
  readonly path: string;
  readonly spec: Value;
}

const POD_SPECS: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  PodTemplate: ['template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  ...Object.fromEntries(
    ['DaemonSet', 'Deployment', 'Job', 'ReplicaSet', 'ReplicationController', 'StatefulSet'].map((kind) => [
      kind,
      ['spec', 'template', 'spec'],
    ]),
  ),
};

/** The pod of a workload; undefined for any other manifest. */
export function podOf(manifest: Value): Pod | undefined {
  const kind = String(field(manifest, 'kind'));
  const path = Object.hasOwn(POD_SPECS, kind) ? POD_SPECS[kind] : undefined;
  return path && { path: path.join('.'), spec: field(manifest, ...path) };
}

/** Every container of a pod, with its path in the manifest. */
export function containersOf(pod: Pod): { readonly path: string; readonly container: Value }[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) =>
    listOf(field(pod.spec, list)).map((container, index) => ({
      path: `${pod.path}.${list}[${index}]`,
      container,
    })),
  );
}
