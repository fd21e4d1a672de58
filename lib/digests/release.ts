import { type ImageReference, parseReference } from '../image/reference.ts';
import { nearest } from '../input/nearest.ts';
import type { Problem } from '../input/problem.ts';
import { describeNode, predicateOf, type YamlEntry } from '../input/yaml.ts';
import type { Artifacts } from './artifacts.ts';
import type { ContainerImage } from './container-image.ts';
import type { ImageLayers } from './layers.ts';
import type { Signatures } from './signatures.ts';

/** The product lines of Element Server Suite: the installer with its ElementDeployment, and the Helm chart. */
export const PRODUCTS = ['classic', 'ess-helm'] as const;
export type ProductName = (typeof PRODUCTS)[number];

/** Keys of a chart that attach a pull Secret to every pod. It depends on the version which one a chart has. */
export const PULL_SECRETS_KEYS = ['image.pullSecrets', 'imagePullSecrets'] as const;
export type PullSecretsKey = (typeof PULL_SECRETS_KEYS)[number];

/** Release information: the mapping `release` of a digests file. */
export type ReleaseInfo =
  | { readonly product: 'classic' }
  | {
      readonly product: 'ess-helm';
      /** The chart's name: `matrix-stack`. */
      readonly chart: string;
      /** The chart's version: `26.8.1`. */
      readonly version: string;
      /** The chart as an OCI artifact, if it was read from a registry. */
      readonly artifact?: ImageReference & { readonly tag: string };
      /** Left out if the chart has no such key. */
      readonly pullSecrets?: PullSecretsKey;
    };

/** A release of one of the product lines with its containers. */
export interface Release {
  readonly info: ReleaseInfo;
  /** By component and container. */
  readonly images: readonly ContainerImage[];
  /** What is known of signatures, attestations and SBOMs of its images. */
  readonly artifacts: Artifacts;
  /** What is known of the layers of its images and their sizes. Default: nothing. */
  readonly layers?: ImageLayers;
  /** The signatures that were checked and accepted when the file was written. Default: none. */
  readonly signatures?: Signatures;
}

/** A digests file without release information comes with the installer. */
export const CLASSIC: ReleaseInfo = { product: 'classic' };

const KEYS = ['product', 'chart', 'version', 'artifact', 'pull_secrets'] as const;

/** Reads the mapping `release` of a digests file. Returns CLASSIC if it is not valid, and reports that. */
export function readReleaseInfo(entry: YamlEntry | undefined, problems: Problem[]): ReleaseInfo {
  if (entry === undefined) return CLASSIC;
  if (entry.value.kind !== 'mapping') {
    problems.push({
      place: entry.place,
      message: `release ${predicateOf(entry.value)}; expected a mapping with product, as ess-airgap lock writes it`,
    });
    return CLASSIC;
  }
  const before = problems.length;
  const words = new Map<string, string>();
  for (const { key, place, value } of entry.value.entries) {
    const meant = nearest(key, KEYS);
    if (!KEYS.some((known) => known === key)) {
      problems.push({
        place,
        message: `release has the unknown key "${key}"; expected ${KEYS.join(', ')}`,
        ...(meant && { hint: `Did you mean ${meant}?` }),
      });
    } else if (value.kind !== 'scalar' || value.empty || !/^[\x21-\x7e]{1,300}$/.test(value.text)) {
      problems.push({ place, message: `release.${key} ${predicateOf(value)}; expected a string` });
    } else words.set(key, value.text);
  }
  const wrong = (key: (typeof KEYS)[number], expected: string): void => {
    const found = entry.value.kind === 'mapping' && entry.value.entries.find((own) => own.key === key);
    problems.push({
      place: found ? found.value.place : entry.place,
      message: `release.${key} ${found ? `is ${describeNode(found.value)}` : 'is missing'}; expected ${expected}`,
    });
  };
  const product = PRODUCTS.find((known) => known === words.get('product'));
  if (problems.length > before) return CLASSIC;
  if (!product) wrong('product', PRODUCTS.join(' or '));
  if (product !== 'ess-helm') return CLASSIC;

  const { chart, version, artifact: reference, pull_secrets: key } = Object.fromEntries(words);
  if (!chart) wrong('chart', 'the name of the chart');
  if (!version) wrong('version', 'the version of the chart');
  const pullSecrets = PULL_SECRETS_KEYS.find((known) => known === key);
  if (key && !pullSecrets) wrong('pull_secrets', PULL_SECRETS_KEYS.join(' or '));
  const artifact = reference === undefined ? undefined : parseReference(reference);
  if (typeof artifact === 'string' || (artifact && !artifact.tag)) {
    wrong('artifact', 'a reference such as ghcr.io/element-hq/ess-helm/matrix-stack:26.8.1@sha256:…');
  }
  if (problems.length > before || !chart || !version) return CLASSIC;
  return {
    product,
    chart,
    version,
    ...(typeof artifact === 'object' && artifact.tag && { artifact: { ...artifact, tag: artifact.tag } }),
    ...(pullSecrets && { pullSecrets }),
  };
}
