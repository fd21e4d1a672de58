import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import type { k8s } from 'cdk8s-plus-28';

// The part of a kubelet that tests need: manifests → the environment, command and volumes of one container.

export interface PodOptions {
  /** The parsed documents that were applied: the Job, and the ConfigMaps and Secrets that it names. */
  manifests: readonly object[];
  job: string;
  /** The container, or init container, to run; left out, the first container. */
  container?: string;
  /** What `sh` is in the image; `bash --posix` is bash by the name of sh, as in quay.io/skopeo/stable. */
  shell?: 'dash' | 'bash --posix' | 'busybox sh';
  /** Which pod of an Indexed Job; 0 if left out. */
  completionIndex?: number;
  /** Files that the image has besides, by their absolute paths. */
  files?: Record<string, string>;
  /** A directory where the emptyDirs outlive the run: a second run finds them, as a restarted container does. */
  keepVolumes?: string;
  /** Makes an emptyDir no larger than its sizeLimit: writes fail where the kubelet would evict the pod. */
  enforceSizeLimit?: boolean;
  signalAfter?: { ms: number; signal: NodeJS.Signals };
}

/** One container, ready to be run. */
export interface Pod {
  container: k8s.Container;
  /** The container's own security context over that of the pod. */
  security: k8s.PodSecurityContext & k8s.SecurityContext;
  hostAliases: readonly k8s.HostAlias[];
  volumes: Map<string, Volume>;
  env: Record<string, string>;
  command: string[];
}

export interface Volume {
  /** Where its content is on the host. */
  place: string;
  writable: boolean;
  /** The mount options of one that is to have a limited size. */
  tmpfs?: string;
}

type Manifest = { kind: string; metadata: k8s.ObjectMeta };
type Keyed = Manifest &
  Pick<k8s.KubeSecretProps & k8s.KubeConfigMapProps, 'data' | 'stringData' | 'binaryData'>;
type Job = Manifest & { spec: k8s.JobSpec };
type KeySource = { name?: string; optional?: boolean; items?: k8s.KeyToPath[] };

type Find = (kind: string, name: string | undefined) => Keyed | undefined;

/** Only root can give files to other users, as the kubelet does. */
export const asRoot = process.getuid?.() === 0;

/** The environment of quay.io/skopeo/stable. */
const imageEnv = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/',
  container: 'oci',
  REGISTRY_AUTH_FILE: '/tmp/auth.json',
};

/** What the kubelet makes of the manifests: it knows nothing else. */
export function readPod(options: PodOptions, directory: string): Pod {
  const { job: name, container: wanted, completionIndex = 0 } = options;
  const manifests = options.manifests as readonly Manifest[];
  const job = manifests.find(({ kind, metadata }) => kind === 'Job' && metadata.name === name) as
    | Job
    | undefined;
  const spec = job?.spec.template.spec;
  const container = wanted
    ? [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].find((one) => one.name === wanted)
    : spec?.containers[0];
  if (!job || !spec || !container) throw new Error(`No Job ${name} with a container ${wanted ?? ''}`);
  const security = { ...spec.securityContext, ...container.securityContext };
  if (security.runAsNonRoot && !security.runAsUser)
    throw new Error(`${name}: runAsNonRoot, but the image runs as root`);

  const namespaceOf = ({ metadata }: Manifest) => metadata.namespace ?? 'default';
  const find: Find = (kind, name) =>
    manifests.find(
      (one) => one.kind === kind && one.metadata.name === name && namespaceOf(one) === namespaceOf(job),
    );
  const indexed = job.spec.completionMode === 'Indexed';
  const hostname = indexed ? `${name}-${completionIndex}` : `${name}-x7k2p`;
  const index = indexed && { 'batch.kubernetes.io/job-completion-index': `${completionIndex}` };
  const { labels, annotations } = job.spec.template.metadata ?? {};
  const entries = (field: string, values: Record<string, string>) =>
    Object.entries(values).map(([key, value]) => [`metadata.${field}['${key}']`, value]);
  const fields: Record<string, string> = Object.fromEntries([
    ['metadata.name', indexed ? `${hostname}-x7k2p` : hostname],
    ['metadata.namespace', namespaceOf(job)],
    ...entries('labels', { ...labels, 'job-name': name, 'batch.kubernetes.io/job-name': name, ...index }),
    ...entries('annotations', { ...annotations, ...index }),
  ]);
  const { env, expand } = readEnv(container, fields, find);
  if (indexed) env.JOB_COMPLETION_INDEX ??= `${completionIndex}`;
  return {
    container,
    security,
    hostAliases: spec.hostAliases ?? [],
    volumes: new Map(
      spec.volumes?.map((volume) => [
        volume.name,
        makeVolume(volume, options, directory, security.fsGroup, find),
      ]),
    ),
    env: { ...imageEnv, HOSTNAME: hostname, ...env },
    command: [...(container.command ?? ['/usr/bin/skopeo']), ...(container.args ?? [])].map(expand),
  };
}

function readEnv(
  { env: variables = [], envFrom }: k8s.Container,
  fields: Record<string, string>,
  find: Find,
) {
  const env: Record<string, string> = {};
  // $(NAME) stands for what the manifest itself has named before, and $$ for a dollar.
  const expand = (value: string) =>
    value.replace(/\$(?:\$|\(([^)]*)\))/g, (all, key) => (key === undefined ? '$' : (env[key] ?? all)));
  const keyed = (kind: string, { name, key, optional }: k8s.SecretKeySelector) => {
    const value = keysOf(find(kind, name))?.get(key)?.toString();
    if (value === undefined && !optional) throw new Error(`${kind} ${name} has no key ${key}`);
    return value;
  };
  for (const { name, value = '', valueFrom } of variables) {
    const { fieldRef, secretKeyRef, configMapKeyRef } = valueFrom ?? {};
    let found: string | undefined;
    if (!valueFrom) found = expand(value);
    else if (secretKeyRef) found = keyed('Secret', secretKeyRef);
    else if (configMapKeyRef) found = keyed('ConfigMap', configMapKeyRef);
    else if (fieldRef && fields[fieldRef.fieldPath] !== undefined) found = fields[fieldRef.fieldPath];
    else throw new Error(`${name}: ${JSON.stringify(valueFrom)} is not supported here`);
    if (found !== undefined) env[name] = found;
  }
  if (envFrom) throw new Error('envFrom is not supported here');
  return { env, expand };
}

function makeVolume(
  volume: k8s.Volume,
  { keepVolumes, enforceSizeLimit }: PodOptions,
  directory: string,
  fsGroup: number | undefined,
  find: Find,
): Volume {
  const { name, emptyDir } = volume;
  const place = join((emptyDir && keepVolumes) || join(directory, 'volumes'), name);
  fs.mkdirSync(place, { recursive: true });
  if (!emptyDir) {
    writeFiles(place, volumeFiles(volume, find), fsGroup);
    return { place, writable: false };
  }
  const group = asRoot ? fsGroup : undefined;
  if (group !== undefined) fs.chownSync(place, -1, group);
  fs.chmodSync(place, group === undefined ? 0o777 : 0o2777);
  if (!enforceSizeLimit || emptyDir.sizeLimit === undefined) return { place, writable: true };
  if (keepVolumes) throw new Error('enforceSizeLimit makes volumes that cannot be kept');
  const mode = group === undefined ? 'mode=0777' : `mode=2777,gid=${group}`;
  return { place, writable: true, tmpfs: `size=${bytes(`${emptyDir.sizeLimit}`)},${mode}` };
}

interface VolumeFile {
  path: string;
  data: Buffer;
  mode: number;
}

function volumeFiles({ name, configMap, secret, projected, ...other }: k8s.Volume, find: Find): VolumeFile[] {
  const files = (kind: string, source: KeySource, name: string | undefined, mode = 0o644): VolumeFile[] => {
    const keys = keysOf(find(kind, name));
    if (!keys && !source.optional) throw new Error(`${kind} ${name} not found`);
    const items = source.items ?? [...(keys?.keys() ?? [])].map((key) => ({ key, path: key, mode }));
    return items.flatMap((item) => {
      const data = keys?.get(item.key);
      if (!data && !source.optional) throw new Error(`${kind} ${name} has no key ${item.key}`);
      return data ? [{ path: item.path, data, mode: item.mode ?? mode }] : [];
    });
  };
  if (configMap) return files('ConfigMap', configMap, configMap.name, configMap.defaultMode);
  if (secret) return files('Secret', secret, secret.secretName, secret.defaultMode);
  if (!projected)
    throw new Error(`Volume ${name} is of a kind that is not supported here: ${Object.keys(other)}`);
  return (projected.sources ?? []).flatMap((source) => {
    const kind = source.configMap ? 'ConfigMap' : 'Secret';
    const keys = source.configMap ?? source.secret;
    if (!keys) throw new Error(`Volume ${name} projects what is not supported here: ${Object.keys(source)}`);
    return files(kind, keys, keys.name, projected.defaultMode);
  });
}

function keysOf(object: Keyed | undefined): Map<string, Buffer> | undefined {
  if (!object) return undefined;
  const { kind, data, binaryData, stringData } = object;
  const decode = (values: object | undefined, encoding: BufferEncoding) =>
    Object.entries(values ?? {}).map(([key, value]): [string, Buffer] => [key, Buffer.from(value, encoding)]);
  return new Map([
    ...decode(data, kind === 'Secret' ? 'base64' : 'utf8'),
    ...decode(binaryData, 'base64'),
    ...decode(stringData, 'utf8'),
  ]);
}

/** As the kubelet does it: the files in a hidden directory, links to them where a pod looks. */
function writeFiles(place: string, files: VolumeFile[], fsGroup: number | undefined): void {
  const version = '..2024_01_01_00_00_00.000000000';
  fs.mkdirSync(join(place, version));
  fs.symlinkSync(version, join(place, '..data'));
  for (const { path, data, mode } of files) {
    const file = join(place, version, path);
    fs.mkdirSync(dirname(file), { recursive: true });
    fs.writeFileSync(file, data);
    if (asRoot && fsGroup !== undefined) fs.chownSync(file, -1, fsGroup);
    fs.chmodSync(file, fsGroup === undefined ? mode : mode | 0o440);
    const [top = ''] = path.split('/');
    fs.rmSync(join(place, top), { force: true });
    fs.symlinkSync(join('..data', top), join(place, top));
  }
}

function bytes(quantity: string): number {
  const [, number, unit = ''] = /^([\d.]+)([kKMGT]?i?)$/.exec(quantity) ?? [];
  if (number === undefined) throw new Error(`${quantity} is not a quantity`);
  const power = ' KMGT'.indexOf(unit.charAt(0).toUpperCase() || ' ');
  return Math.floor(Number(number) * (unit.endsWith('i') ? 1024 : 1000) ** power);
}
