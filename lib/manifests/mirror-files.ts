import { type PlanFileAuth, renderPlanFiles } from '../mirror/plan-file.ts';
import { EMITTED_SCRIPT } from '../mirror/script.ts';
import { partition } from '../mirror/shards.ts';
import type { Plan, Relocation } from '../plan/model.ts';
import { contentHash } from './content-hash.ts';

/** A file that the pod reads: the key of a ConfigMap, and its path in the folder that the pod sees. */
export interface MirrorFile {
  readonly key: string;
  readonly path: string;
  readonly text: string;
}

/** Files that are in one ConfigMap, which is named by their content. */
export interface MirrorConfigMap {
  readonly name: string;
  readonly files: readonly MirrorFile[];
}

/** What the pods of the mirror read. */
export interface MirrorFiles {
  /** Changes with the release and the configuration. */
  readonly plan: readonly MirrorConfigMap[];
  /** Changes with this library. */
  readonly script: readonly MirrorConfigMap[];
  /** What mirror.sh is given: its plan files, or the folder of the pod's own shard. */
  readonly args: (folder: string) => string[];
}

/**
 * A ConfigMap must fit into 1 MiB, and with `kubectl apply` into the 256 KiB that all annotations of an object
 * have together, because that keeps a copy of the object there, in which quotes and line breaks take two bytes.
 */
const MAX_CONFIG_MAP_BYTES = 208 * 1024;
const MAX_FILE_BYTES = 160 * 1024;

/** The plan and the script as files in ConfigMaps whose names begin with `prefix`. */
export function renderMirrorFiles(
  prefix: string,
  { relocations }: Pick<Plan, 'relocations'>,
  auth: readonly PlanFileAuth[],
  shards: number,
): MirrorFiles {
  const script = Object.entries(EMITTED_SCRIPT).map(
    ([name, text]): MirrorFile => ({ key: name, path: name, text }),
  );
  const plan =
    shards === 1
      ? planFiles(relocations, auth)
      : partition(relocations, shards).flatMap((images, index) => planFiles(images, auth, `shard-${index}`));
  return {
    plan: pack(`${prefix}-plan`, plan),
    script: pack(`${prefix}-script`, script),
    // The Job controller sets the variable in each pod of an Indexed Job, and the kubelet fills it in.
    args: (folder) =>
      shards === 1
        ? plan.map(({ path }) => `${folder}/${path}`)
        : [`${folder}/shard-$(JOB_COMPLETION_INDEX)`],
  };
}

function planFiles(
  relocations: readonly Relocation[],
  auth: readonly PlanFileAuth[],
  folder?: string,
): MirrorFile[] {
  return renderPlanFiles(relocations, auth, MAX_FILE_BYTES).map((text, index) => {
    const name = `images-${String(index).padStart(3, '0')}.plan`;
    return folder === undefined
      ? { key: name, path: name, text }
      : { key: `${folder}.${name}`, path: `${folder}/${name}`, text };
  });
}

/** Files into as few ConfigMaps as hold them, in their order. */
function pack(prefix: string, files: readonly MirrorFile[]): MirrorConfigMap[] {
  const groups: MirrorFile[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const file of files) {
    bytes += file.text.length;
    if (bytes > MAX_CONFIG_MAP_BYTES) {
      groups.push([]);
      bytes = file.text.length;
    }
    groups.at(-1)?.push(file);
  }
  return groups.map((group) => ({ name: `${prefix}-${contentHash(group)}`, files: group }));
}
