import { repositoryName } from '../image/reference.ts';
import { InputError, type Problem } from '../input/problem.ts';
import { type ReferrersFile, referrersFiles } from '../mirror/plan-artifacts.ts';
import { type PlanFileAuth, renderPlanFiles } from '../mirror/plan-file.ts';
import { EMITTED_SCRIPT } from '../mirror/script.ts';
import { partition } from '../mirror/shards.ts';
import type { Plan } from '../plan/model.ts';
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
  images: Pick<Plan, 'relocations' | 'referrersApi'>,
  auth: readonly PlanFileAuth[],
  shards: number,
): MirrorFiles {
  const script = Object.entries(EMITTED_SCRIPT).map(
    ([name, text]): MirrorFile => ({ key: name, path: name, text }),
  );
  const plan =
    shards === 1
      ? planFiles(images, auth)
      : partition(images.relocations, shards).flatMap((relocations, index) =>
          planFiles({ ...images, relocations }, auth, `shard-${index}`),
        );
  return {
    plan: pack(`${prefix}-plan`, plan),
    script: pack(`${prefix}-script`, script),
    // The Job controller sets the variable in each pod of an Indexed Job, and the kubelet fills it in.
    args: (folder) =>
      shards === 1
        ? plan.filter(({ path }) => path.endsWith('.plan')).map(({ path }) => `${folder}/${path}`)
        : [`${folder}/shard-$(JOB_COMPLETION_INDEX)`],
  };
}

/** The plan files, and beside them the lists of referrers that they name. */
function planFiles(
  images: Pick<Plan, 'relocations' | 'referrersApi'>,
  auth: readonly PlanFileAuth[],
  folder?: string,
): MirrorFile[] {
  const plans = renderPlanFiles(images, auth, MAX_FILE_BYTES).map((text, index) => ({
    path: `images-${String(index).padStart(3, '0')}.plan`,
    text,
  }));
  const lists = referrersFiles(images.relocations, images.referrersApi);
  const tooLong = lists.filter(({ text }) => sizeOf(text) > MAX_CONFIG_MAP_BYTES);
  if (tooLong.length > 0) throw new InputError(tooLong.map(describeTooLong));
  return [...plans, ...lists].map(({ path, text }) => {
    const whole = folder === undefined ? path : `${folder}/${path}`;
    return { key: whole.replaceAll('/', '.'), path: whole, text };
  });
}

function describeTooLong({ text, relocation }: ReferrersFile): Problem {
  const { target } = relocation;
  return {
    message: `the list of artifacts of ${repositoryName(target)}:${target.tag} takes ${sizeOf(text)} bytes in a ConfigMap; expected ${MAX_CONFIG_MAP_BYTES} at most`,
    hint: 'Copy fewer artifacts (mirror.artifacts: signatures or none), or copy on a machine that reaches both sides:',
    command: 'ess-airgap mirror',
  };
}

/** What a text takes in the annotation of kubectl apply, where it is a JSON text. */
function sizeOf(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}

/** Files into as few ConfigMaps as hold them, in their order. */
function pack(prefix: string, files: readonly MirrorFile[]): MirrorConfigMap[] {
  const groups: MirrorFile[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const file of files) {
    bytes += sizeOf(file.text);
    if (bytes > MAX_CONFIG_MAP_BYTES) {
      groups.push([]);
      bytes = sizeOf(file.text);
    }
    groups.at(-1)?.push(file);
  }
  return groups.map((group) => ({ name: `${prefix}-${contentHash(group)}`, files: group }));
}
