import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { load, loadAll } from 'js-yaml';

// Validates every ExternalSecret and SealedSecret of examples/ by the CRDs of the projects, in which unknown fields are
// errors here: `kubectl apply` warns of them and the API server drops them.
//   node crds.cjs CRD...

interface Crd {
  spec: {
    group: string;
    names: { kind: string };
    versions: { name: string; schema: { openAPIV3Schema: object } }[];
  };
}

const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false });
const validators = new Map(
  process.argv.slice(2).flatMap((file) => {
    const { spec } = load(readFileSync(file, 'utf8')) as Crd;
    return spec.versions.map(
      ({ name, schema }) =>
        [`${spec.group}/${name}/${spec.names.kind}`, ajv.compile(strict(schema.openAPIV3Schema))] as const,
    );
  }),
);

/** The same schema, in which a mapping has no other fields than those that it names. */
function strict<T>(schema: T): T {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(strict) as T;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strict(value)]));
  const closed = 'properties' in schema && !('additionalProperties' in schema);
  return (
    closed && !('x-kubernetes-preserve-unknown-fields' in schema)
      ? { ...copy, additionalProperties: false }
      : copy
  ) as T;
}

type Manifest = { apiVersion: string; kind: string; metadata: unknown; spec: Record<string, unknown> };

const files = readdirSync('examples', { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.k8s.yaml'),
);
const manifests = files
  .flatMap((file) => loadAll(readFileSync(`examples/${file}`, 'utf8')) as Manifest[])
  .filter(({ apiVersion, kind }) => validators.has(`${apiVersion}/${kind}`));
const kinds = new Set(manifests.map(({ kind }) => kind));
if (kinds.size !== 2) throw new Error(`expected both kinds in examples/, found ${[...kinds].join(', ')}`);
for (const manifest of manifests) {
  // The API server validates metadata by itself: in a CRD it is an object without fields.
  const problems = problemsOf({ ...manifest, metadata: {} });
  if (problems.length > 0) throw new Error(`${manifest.kind}: ${problems.join('; ')}`);
  if (problemsOf({ ...manifest, metadata: {}, spec: { ...manifest.spec, unknown: 1 } }).length === 0)
    throw new Error(`${manifest.kind}: an unknown field passes, so this check shows nothing`);
}
console.log(`${manifests.length} objects are as their CRDs want them`);

function problemsOf(manifest: Manifest): string[] {
  const validate = validators.get(`${manifest.apiVersion}/${manifest.kind}`);
  if (!validate) throw new Error(`no CRD for ${manifest.kind}`);
  validate(manifest);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${params.additionalProperty ?? ''}`,
  );
}
