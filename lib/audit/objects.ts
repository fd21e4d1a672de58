import { CORE_SCHEMA, loadAll } from 'js-yaml';
import { isObject } from '../common/collections.ts';
import { InputError, startOf } from '../input/problem.ts';
import { field, listOf } from '../validation/manifest.ts';

/** An object of Kubernetes, or what somebody takes for one. */
export type KubernetesObject = Readonly<Record<string, unknown>>;

/**
 * Reads what `kubectl get … -o json` or `-o yaml` prints, or rendered manifests: one list, or several documents.
 *
 * @param file its name for messages
 * @throws InputError if it is neither JSON nor YAML, or holds no object
 */
export function readObjects(text: string, file: string): KubernetesObject[] {
  const objects = parse(text, file).flatMap((document) => {
    // kubectl prints a List; helm and kustomize print documents.
    const items = String(field(document, 'kind')).endsWith('List')
      ? listOf(field(document, 'items'))
      : [document];
    return items.filter(isObject);
  });
  if (objects.length > 0) return objects;
  throw new InputError([
    {
      place: startOf(file),
      message: 'the input has no Kubernetes objects; expected the output of kubectl get -o json',
      hint: 'To audit the pods of the cluster:',
      command: 'kubectl get pods --all-namespaces -o json | ess-airgap audit -',
    },
  ]);
}

function parse(text: string, file: string): readonly unknown[] {
  const isJson = /^\s*[{[]/.test(text);
  try {
    return isJson ? [JSON.parse(text)] : loadAll(text, { schema: CORE_SCHEMA });
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : '';
    throw new InputError([
      {
        place: startOf(file),
        message: `this is not valid ${isJson ? 'JSON' : 'YAML'}: ${reason?.slice(0, 200)}`,
        hint: 'Expected the JSON that kubectl prints, or rendered manifests.',
      },
    ]);
  }
}

/** `Pod element-onprem/synapse-0`. */
export function nameOf(object: KubernetesObject): string {
  const namespace = namespaceOf(object);
  const name = field(object, 'metadata', 'name') ?? field(object, 'metadata', 'generateName') ?? '?';
  return `${field(object, 'kind')} ${namespace ? `${namespace}/` : ''}${name}`;
}

/** The namespace of an object; undefined for rendered manifests that name none. */
export function namespaceOf(object: KubernetesObject): string | undefined {
  const namespace = field(object, 'metadata', 'namespace');
  return typeof namespace === 'string' ? namespace : undefined;
}
