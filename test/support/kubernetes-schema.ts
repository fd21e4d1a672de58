import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isIP } from 'node:net';
import { Ajv, type AnySchemaObject, type ErrorObject } from 'ajv';
import { k8s } from 'cdk8s-plus-28';
import { type Problem, titleOf, workloadProblems } from './pod-security.ts';

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const qualified = '(?=[^/]{1,63}$)[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?';
const prefixed = `((?=[^/]{1,253}/)${label}(\\.${label})*/)`;
const formats = {
  'DNS label': new RegExp(`^(?=.{1,63}$)${label}$`),
  'DNS label, letter first': /^(?=.{1,63}$)[a-z]([-a-z0-9]*[a-z0-9])?$/,
  'DNS subdomain': new RegExp(`^(?=.{1,253}$)${label}(\\.${label})*$`),
  'path segment': /^(?!\.{1,2}$)[^/%]+$/,
  'label key': new RegExp(`^${prefixed}?${qualified}$`),
  'label value': new RegExp(`^(${qualified})?$`),
  'annotation key': new RegExp(`^${prefixed}?${qualified}$`, 'i'),
  'config key': /^(?!\.$|\.\.)[-._a-zA-Z0-9]{1,253}$/,
  'environment name': /^(?!\.$|\.\.)[-._a-zA-Z][-._a-zA-Z0-9]*$/,
  'port name': /^(?=.{1,15}$)(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  'resource name': new RegExp(`^(cpu|memory|ephemeral-storage|hugepages-.+|${prefixed}${qualified})$`),
  'relative path': /^(?!\/)(?!(.*\/)?\.\.(\/|$)).+$/,
  'image reference': /^\S+$/,
  quantity: /^\+?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+|[KMGTPE]i|[numkMGTPE])?$/,
  date: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  'base64 text': (text: string) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text),
  CIDR: (text: string) => {
    const [address = '', bits = ''] = text.split(/\/(?=\d{1,3}$)/);
    return bits !== '' && Number(bits) <= ({ 4: 32, 6: 128 }[isIP(address)] ?? -1);
  },
};
type Format = keyof typeof formats;

const is = (format: Format) => ({ format });
const oneOf = (...values: string[]) => ({ enum: values });
const from = (minimum: number, maximum = 2 ** 31 - 1) => ({ minimum, maximum });
const listOf = (item: AnySchemaObject) => ({ items: { type: 'string', ...item } });
const mapOf = (key: Format, value: AnySchemaObject = {}) => ({
  propertyNames: is(key),
  additionalProperties: { type: 'string', ...value },
});

/** What the API server asks of fields beyond their types: `Struct.field`, or the field's name wherever it is. */
const asked: readonly (readonly [AnySchemaObject, string])[] = [
  [is('DNS label'), 'ObjectMeta.namespace PodSpec.hostname Container.name Volume.name'],
  [is('DNS subdomain'), 'serviceAccountName priorityClassName'],
  [is('label key'), 'LabelSelectorRequirement.key PodFailurePolicyOnPodConditionsPattern.type'],
  [is('environment name'), 'EnvVar.name'],
  [is('config key'), 'ConfigMapKeySelector.key SecretKeySelector.key KeyToPath.key'],
  [is('image reference'), 'Container.image'],
  [is('port name'), 'ContainerPort.name'],
  [is('relative path'), 'KeyToPath.path subPath'],
  [is('CIDR'), 'cidr'],
  [listOf(is('CIDR')), 'except'],
  [mapOf('label key', is('label value')), 'ObjectMeta.labels matchLabels PodSpec.nodeSelector'],
  [mapOf('annotation key'), 'annotations'],
  [mapOf('config key'), 'KubeConfigMapProps.data stringData'],
  [mapOf('config key', is('base64 text')), 'KubeSecretProps.data binaryData'],
  [{ propertyNames: is('resource name') }, 'ResourceRequirements.limits ResourceRequirements.requests'],
  [{ pattern: '^[^:]+$' }, 'mountPath'],
  [{ type: 'number' }, 'JsonSchemaProps.multipleOf JsonSchemaProps.maximum JsonSchemaProps.minimum'],
  [{ minItems: 1 }, 'PodSpec.containers'],
  [{ maxItems: 20 }, 'PodFailurePolicy.rules'],
  [{ minItems: 1, maxItems: 255, uniqueItems: true }, 'PodFailurePolicyOnExitCodesRequirement.values'],
  [from(0), 'activeDeadlineSeconds backoffLimit completions parallelism ttlSecondsAfterFinished'],
  [from(0), 'runAsUser runAsGroup fsGroup terminationGracePeriodSeconds'],
  [from(0, 0o777), 'defaultMode mode'],
  [from(1, 65535), 'containerPort hostPort endPort'],
  [
    { ...from(1, 65535), ...is('port name') },
    'NetworkPolicyPort.port HttpGetAction.port TcpSocketAction.port',
  ],
  [oneOf('TCP', 'UDP', 'SCTP'), 'protocol'],
  [listOf(oneOf('Ingress', 'Egress')), 'policyTypes'],
  [oneOf('Always', 'IfNotPresent', 'Never'), 'imagePullPolicy'],
  [oneOf('File', 'FallbackToLogsOnError'), 'terminationMessagePolicy'],
  [oneOf('Always', 'OnFailure', 'Never'), 'PodSpec.restartPolicy'],
  [oneOf('ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'), 'dnsPolicy'],
  [oneOf('Localhost', 'RuntimeDefault', 'Unconfined'), 'SeccompProfile.type'],
  [oneOf('Exists', 'Equal'), 'Toleration.operator'],
  [oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute'), 'Toleration.effect'],
  [oneOf('In', 'NotIn', 'Exists', 'DoesNotExist'), 'LabelSelectorRequirement.operator'],
  [oneOf('NonIndexed', 'Indexed'), 'completionMode'],
  [oneOf('Allow', 'Forbid', 'Replace'), 'concurrencyPolicy'],
  [oneOf('Count', 'FailIndex', 'FailJob', 'Ignore'), 'PodFailurePolicyRule.action'],
  [oneOf('In', 'NotIn'), 'PodFailurePolicyOnExitCodesRequirement.operator'],
  [oneOf('True', 'False', 'Unknown'), 'PodFailurePolicyOnPodConditionsPattern.status'],
];
const askedOf = new Map(asked.flatMap(([schema, fields]) => fields.split(' ').map((at) => [at, schema])));

/** What the API server asks of whole structs. Where it and the schema differ in what is required, it is right. */
const askedOfStruct: Readonly<Record<string, AnySchemaObject>> = {
  Container: { required: ['name', 'image'] },
  EnvVar: { maxProperties: 2 },
  EnvVarSource: { minProperties: 1, maxProperties: 1 },
  NetworkPolicyPeer: { minProperties: 1, dependencies: { ipBlock: { maxProperties: 1 } } },
  PodFailurePolicyRule: { required: ['action'] },
  Volume: { minProperties: 2, maxProperties: 2 },
};

interface Type {
  readonly primitive?: string;
  readonly fqn?: string;
  readonly collection?: { readonly kind: 'array' | 'map'; readonly elementtype: Type };
}
interface Struct extends Readonly<Record<'name' | 'kind' | 'namespace', string>> {
  readonly properties?: readonly {
    readonly docs: { readonly custom: { readonly schema: string } };
    readonly optional?: boolean;
    readonly type: Type;
  }[];
}

const assembly = createRequire(import.meta.url).resolve('cdk8s-plus-28/.jsii');
const { types } = JSON.parse(readFileSync(assembly, 'utf8')) as { types: Readonly<Record<string, Struct>> };

const leaves: Readonly<Record<string, AnySchemaObject>> = {
  any: {},
  boolean: { type: 'boolean' },
  date: { type: 'string', ...is('date') },
  number: { type: 'integer' },
  string: { type: 'string' },
  IntOrString: { type: ['string', 'integer'] },
  Quantity: { type: ['string', 'number'], minimum: 0, ...is('quantity') },
};

function schemaOfType({ collection, fqn, primitive }: Type): AnySchemaObject {
  if (collection?.kind === 'array') return { type: 'array', items: schemaOfType(collection.elementtype) };
  if (collection) return { type: 'object', additionalProperties: schemaOfType(collection.elementtype) };
  const { name, kind } = types[fqn ?? ''] ?? { name: primitive ?? 'any' };
  return leaves[name] ?? (kind === 'enum' ? { type: 'string' } : { $ref: name });
}

/** A struct of the assembly, with the names that its fields have in the API (`clusterIP`, not `clusterIp`). */
function schemaOfStruct({ name: struct, properties = [] }: Struct): AnySchemaObject {
  const fields = properties.map(({ docs, optional, type }) => {
    const name = docs.custom.schema.replace(/^.*#/, '');
    const schema = { ...schemaOfType(type), ...(askedOf.get(`${struct}.${name}`) ?? askedOf.get(name)) };
    // The schema lets a spec be left out even where a field of that spec is required.
    const needed = name === 'spec' && types[type.fqn ?? '']?.properties?.some((field) => !field.optional);
    return { name, schema, required: needed || !optional };
  });
  const top = struct.startsWith('Kube') ? { apiVersion: leaves.string, kind: leaves.string } : {};
  return {
    type: 'object',
    additionalProperties: false,
    properties: { ...top, ...Object.fromEntries(fields.map(({ name, schema }) => [name, schema])) },
    required: fields.filter((field) => field.required).map(({ name }) => name),
    ...askedOfStruct[struct],
  };
}

function compiler(strict: boolean): Ajv {
  const ajv = new Ajv({ strict, allErrors: true, allowUnionTypes: true, logger: false, formats });
  for (const type of Object.values(types)) {
    if (type.namespace === 'k8s' && type.kind === 'interface') ajv.addSchema(schemaOfStruct(type), type.name);
  }
  return ajv;
}
const kubernetes = compiler(true);
/** For the schemas of other kinds, which come with keywords of their own (`x-kubernetes-…`). */
const others = compiler(false);
const kinds = new Map(
  Object.entries(k8s).flatMap(([name, type]) =>
    'GVK' in type ? [[`${type.GVK.apiVersion}/${type.GVK.kind}`, `${name}Props`]] : [],
  ),
);

type Manifest = Readonly<{ apiVersion: string; kind: string; type?: string; metadata?: k8s.ObjectMeta }> &
  Partial<Readonly<Record<'data' | 'binaryData' | 'stringData', Readonly<Record<string, string>>>>>;

function* metadataProblems({ kind, metadata = {} }: Manifest): Generator<Problem> {
  const { name, generateName, annotations = {} } = metadata;
  const special =
    kind === 'Namespace' ? 'DNS label' : kind === 'Service' ? 'DNS label, letter first' : undefined;
  const format = /^(Cluster)?Role(Binding)?$/.test(kind) ? 'path segment' : (special ?? 'DNS subdomain');
  const longest = { Job: 63, CronJob: 52 }[kind] ?? 253;
  if (!name && !generateName) yield ['metadata.name', 'required field is missing'];
  if (name && !formats[format].test(name)) yield ['metadata.name', `must be a valid ${format}`];
  if (name && name.length > longest) yield ['metadata.name', `must not be longer than ${longest}`];
  const size = Buffer.byteLength(Object.entries(annotations).flat().join(''));
  if (size > 256 * 1024) yield ['metadata.annotations', 'must not be larger than 256 KiB'];
}

function* dataProblems(manifest: Manifest): Generator<Problem> {
  const { kind, type, data = {}, binaryData = {}, stringData = {} } = manifest;
  if (kind !== 'ConfigMap' && kind !== 'Secret') return;
  const [plain, encoded] = kind === 'Secret' ? [stringData, data] : [data, binaryData];
  const bytes = new Map(Object.entries(encoded).map(([key, text]) => [key, Buffer.from(text, 'base64')]));
  for (const [key, text] of Object.entries(plain)) {
    if (kind === 'ConfigMap' && bytes.has(key)) yield [`binaryData["${key}"]`, 'must not be in data too'];
    bytes.set(key, Buffer.from(text));
  }
  if (Buffer.concat([...bytes.values()]).length > 1024 ** 2) yield ['data', 'must not be larger than 1 MiB'];
  const pulls = kind === 'Secret' && type === 'kubernetes.io/dockerconfigjson';
  if (pulls && !hasAuths(bytes.get('.dockerconfigjson'))) {
    yield ['data[".dockerconfigjson"]', 'must be JSON with auths'];
  }
}

function hasAuths(text = Buffer.of()): boolean {
  try {
    const { auths } = JSON.parse(text.toString()) as { auths?: unknown };
    return typeof auths === 'object' && auths !== null && !Array.isArray(auths);
  } catch {
    return false;
  }
}

function pathOf(names: readonly string[]): string {
  const step = (name: string) =>
    /^\d+$/.test(name) ? `[${name}]` : /^[\w$-]+$/.test(name) ? `.${name}` : `["${name}"]`;
  return names.map(step).join('').replace(/^\./, '');
}

function problemOf({ instancePath, keyword, message = '', params, propertyName }: ErrorObject): Problem {
  const above = instancePath.split('/').map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  const names = [...above, params.additionalProperty ?? params.missingProperty ?? propertyName ?? ''];
  const messages = new Map([
    ['additionalProperties', 'unknown field'],
    ['required', 'required field is missing'],
    ['format', `must be a valid ${params.format}`],
    ['enum', `must be one of ${params.allowedValues}`],
  ]);
  return [pathOf(names.filter((name) => name !== '')), messages.get(keyword) ?? message];
}

/**
 * What a Kubernetes 1.28 API server refuses in a manifest, and what it would silently drop: one line each, such as
 * `Job/mirror: spec.template.spec.foo: unknown field`. It is stricter than the server in that a `status` and a
 * null are refused. `schemas` are JSON schemas of other kinds, by `apiVersion/kind`.
 */
export function kubernetesProblems(manifest: unknown, schemas: Record<string, object> = {}): string[] {
  const title = titleOf(manifest);
  const { apiVersion, kind } = (manifest ?? {}) as Manifest;
  const schema = schemas[`${apiVersion}/${kind}`];
  const validate = schema
    ? others.compile({ allOf: [schema, { properties: { metadata: { $ref: 'ObjectMeta' } } }] })
    : kubernetes.getSchema(kinds.get(`${apiVersion}/${kind}`) ?? '');
  if (!validate) return [`${title}: unknown kind ${apiVersion}/${kind}`];
  validate(manifest);
  const shape = (validate.errors ?? []).filter(({ keyword }) => keyword !== 'propertyNames').map(problemOf);
  // What is asked across fields is asked of a manifest of the right shape.
  const rules = shape.length > 0 ? [] : [metadataProblems, dataProblems, workloadProblems];
  const crossed = rules.flatMap((rule) => [...rule(manifest as Manifest)]);
  return [...shape, ...crossed].map(([path, message]) => `${title}: ${path}: ${message}`);
}
