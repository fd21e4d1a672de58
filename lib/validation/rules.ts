import { isObject } from '../common/collections.ts';
import { DNS_LABEL, DNS_SUBDOMAIN } from '../common/kubernetes-names.ts';
import { containersOf, field, podOf, type Value } from './manifest.ts';
import { restrictedLocations } from './restricted.ts';

/** Where a manifest was synthesised to. */
export interface ManifestFile {
  /** Whether the file goes into git: false where git ignores it, or where there is no git work tree. */
  readonly committed: boolean;
}

/** One rule over one manifest. */
export interface Rule {
  readonly name: string;
  readonly recommendation: string;
  readonly fix: string;
  /** The places in the manifest that break the rule, with the reason; no value of a Secret. */
  readonly locations: (manifest: Value, file: ManifestFile) => string[];
}

/** What the plugin checks, in the order of its report. */
export const RULES: readonly Rule[] = [
  {
    name: 'no-plain-secret',
    recommendation: 'Everybody who can read the repository, now or later, can read a Secret in git.',
    fix: 'Let git ignore the file, encrypt it with SOPS, or use an ExternalSecret or SealedSecret.',
    locations: (manifest, { committed }) => (committed ? plainValues(manifest) : []),
  },
  {
    name: 'image-pinned',
    recommendation: 'A tag can point to another image at any time; a digest cannot.',
    fix: 'Write the image as registry/repository:tag@sha256:… .',
    locations: (manifest) => {
      const pod = podOf(manifest);
      if (!pod) return [];
      return containersOf(pod).flatMap(({ path, container }) => {
        const image = field(container, 'image');
        return typeof image === 'string' && /@sha256:[0-9a-f]{64}$/.test(image) ? [] : [`${path}.image`];
      });
    },
  },
  {
    name: 'pod-security-restricted',
    recommendation: 'Namespaces with pod-security.kubernetes.io/enforce: restricted reject the pod.',
    fix: 'Set the field at the location; see "Pod Security Standards" in the documentation of Kubernetes.',
    locations: (manifest) => {
      const pod = podOf(manifest);
      return pod ? restrictedLocations(pod) : [];
    },
  },
  {
    name: 'legal-names',
    recommendation: 'The API server rejects the object.',
    fix: 'See "Object Names and IDs" and "Labels and Selectors" in the documentation of Kubernetes.',
    locations: nameLocations,
  },
];

/** The values of a Secret that are neither empty nor encrypted by SOPS. */
function plainValues(manifest: Value): string[] {
  if (field(manifest, 'kind') !== 'Secret') return [];
  const encrypted = isObject(field(manifest, 'sops'));
  return ['data', 'stringData'].flatMap((part) => {
    const values = field(manifest, part);
    if (!isObject(values)) return [];
    return Object.entries(values)
      .filter(([, value]) => value !== '' && value !== null)
      .filter(([, value]) => !(encrypted && typeof value === 'string' && /^ENC\[.*\]$/s.test(value)))
      .map(([key]) => `${part}.${key}`);
  });
}

const QUALIFIED = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

function nameLocations(manifest: Value): string[] {
  const metadata = field(manifest, 'metadata');
  const [name, namespace] = [field(metadata, 'name'), field(metadata, 'namespace')];
  const kind = String(field(manifest, 'kind'));
  const wrong: string[] = [];
  // Roles may be named by any path segment (system:node); a Job's name becomes a label of its pods.
  const legalName = /^(Cluster)?Role(Binding)?$/.test(kind)
    ? /^(?!\.{1,2}$)[^/%]+$/
    : ['Namespace', 'Service', 'Job'].includes(kind)
      ? DNS_LABEL
      : DNS_SUBDOMAIN;
  const generated = name === undefined && typeof field(metadata, 'generateName') === 'string';
  if (!generated && !(typeof name === 'string' && legalName.test(name))) wrong.push('metadata.name');
  if (namespace !== undefined && !(typeof namespace === 'string' && DNS_LABEL.test(namespace)))
    wrong.push('metadata.namespace');
  wrong.push(...labelLocations(field(metadata, 'labels'), 'metadata.labels'));
  const pod = podOf(manifest);
  if (pod) {
    const path = `${pod.path.replace(/\.?spec$/, '')}.metadata.labels`.replace(/^\./, '');
    if (path !== 'metadata.labels') wrong.push(...labelLocations(field(manifest, ...path.split('.')), path));
  }
  return wrong;
}

function labelLocations(labels: Value, path: string): string[] {
  if (!isObject(labels)) return [];
  return Object.entries(labels)
    .filter(([key, value]) => {
      const parts = key.split('/');
      const prefixed = parts.length === 1 || (parts.length === 2 && DNS_SUBDOMAIN.test(parts[0] ?? ''));
      const legalValue = typeof value === 'string' && (value === '' || QUALIFIED.test(value));
      return !(prefixed && QUALIFIED.test(parts.at(-1) ?? '') && legalValue);
    })
    .map(([key]) => `${path}.${key}`);
}
