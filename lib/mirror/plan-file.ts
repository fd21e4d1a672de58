import { credentialFor } from '../credentials/select.ts';
import type { Layer } from '../digests/layers.ts';
import { formatReference, repositoryName } from '../image/reference.ts';
import type { Plan, Relocation } from '../plan/model.ts';
import { artifactsField } from './plan-artifacts.ts';

/** A credential as mirror.sh knows it: the folder below ESS_AIRGAP_AUTH_DIR that holds its config.json. */
export interface PlanFileAuth {
  /** host[:port] or host/path. */
  readonly server: string;
  readonly folder: string;
}

const HEADER = '# digest source target source-auth target-auth platforms containers\n';

/** Layers of images, by target as `server/repository:tag`. */
export type Layers = ReadonlyMap<string, readonly Layer[]>;

/**
 * The plan as mirror.sh reads it: one line a relocation, its fields separated by blanks, `-` where there is none.
 * No field can hold a blank, so nothing needs quoting.
 *
 * @param plan the images; the lists of referrers that they need are files of their own ({@link referrersFiles})
 * @param maxBytes where to begin another file; each has a header and whole lines
 * @param layers of images, instead of those that the plan has. Default: of none
 */
export function renderPlanFiles(
  { relocations, referrersApi }: Pick<Plan, 'relocations' | 'referrersApi'>,
  auth: readonly PlanFileAuth[],
  maxBytes: number,
  layers: Layers = new Map(),
): string[] {
  const files: string[] = [];
  let file = HEADER;
  for (const relocation of relocations) {
    const line = renderLine(relocation, auth, layers, referrersApi);
    if (file.length + line.length > maxBytes && file !== HEADER) {
      files.push(file);
      file = HEADER;
    }
    file += line;
  }
  files.push(file);
  return files;
}

function renderLine(
  relocation: Relocation,
  auth: readonly PlanFileAuth[],
  layers: Layers,
  referrersApi: Plan['referrersApi'],
): string {
  const { source, target, platforms, artifacts = [], containers } = relocation;
  const name = `${repositoryName(target)}:${target.tag}`;
  const known = (layers.get(name) ?? relocation.layers ?? []).map(({ name, size }) => `${name}:${size}`);
  const fields = [
    target.digest,
    // The digest stands in the first field; skopeo takes a reference with a tag or a digest, never with both.
    source && (source.tag ? `${repositoryName(source)}:${source.tag}` : formatReference(source)),
    name,
    source && credentialFor(source, auth)?.folder,
    credentialFor(target, auth)?.folder,
    platforms?.join(','),
    containers.join(','),
  ];
  const named = [
    known.length > 0 && `layers=${known.join(',')}`,
    artifactsField(artifacts, referrersApi),
  ].filter(Boolean);
  return `${[...fields.map((field) => field || '-'), ...named].join(' ')}\n`;
}
