import { isObject } from '../common/collections.ts';
import { parseJson } from '../common/json.ts';
import { count } from '../common/text.ts';
import type { Config } from '../config/schema.ts';
import { type ImageReference, repositoryName } from '../image/reference.ts';
import { InputError, startOf } from '../input/problem.ts';
import type { Plan, Relocation } from '../plan/model.ts';
import {
  type ArtifactEvidence,
  artifactsOf,
  sumOfArtifacts,
  verifiedArtifacts,
} from './artifact-evidence.ts';
import {
  readSignatureResults,
  reasonsAgainstSignatures,
  type SignatureEvidence,
  type SignatureResult,
  signatureEvidence,
} from './signature-evidence.ts';

/** What one run of the mirror or of load reported of an image. */
export interface CopyResult {
  readonly result: 'copied' | 'skipped' | 'present' | 'failed';
  readonly attempts?: number;
  readonly seconds?: number;
  readonly bytes?: number;
  /** Signatures, attestations and SBOMs that belong to the image. */
  readonly artifacts?: Readonly<Record<string, number>>;
  readonly class?: string;
  readonly error?: string;
  readonly hint?: string;
}

/** What verify said of an image. */
export interface VerifyResult {
  readonly result: string;
  readonly found?: string;
  readonly reason?: string;
  /** Of its artifacts; left out if verify did not ask about any. An artifact that is not listed counts as missing. */
  readonly artifacts?: ArtifactEvidence;
}

/** An image of the plan, and what the results say of it. */
export interface ImageEvidence {
  readonly source?: ImageReference;
  readonly target: Relocation['target'];
  readonly containers: readonly string[];
  readonly copy?: CopyResult;
  readonly verify?: VerifyResult;
  /** there: verified or, if nothing verified it, copied. missing: known not to be. unknown: no result is about it. */
  readonly status: 'there' | 'missing' | 'unknown';
  /** Left out if the plan has none for the image. */
  readonly artifacts?: ArtifactEvidence;
  /** Left out if the configuration has no `verify`. */
  readonly signatures?: SignatureEvidence;
}

/** The plan beside the results of the commands that carried it out. */
export interface Evidence {
  readonly plan: string;
  /** yes: every image is there and nothing speaks against it. no: something does. unknown: results are missing. */
  readonly mayGoOn: 'yes' | 'no' | 'unknown';
  /** Why not. */
  readonly reasons: readonly string[];
  readonly images: readonly ImageEvidence[];
  /** Of all images. Left out if the plan has none. */
  readonly artifacts?: ArtifactEvidence;
  /** Counts that the results give of themselves. */
  readonly audit?: { readonly asPlanned: boolean; readonly counts: Readonly<Record<string, number>> };
  readonly preflight?: { readonly result: string };
  /** Images in the results that the plan does not have: the results of another plan. */
  readonly surplus: readonly string[];
}

/** What was read from the result files. */
export interface Results {
  readonly copies: ReadonlyMap<string, CopyResult & { readonly digest?: string }>;
  readonly verdicts: ReadonlyMap<string, VerifyResult>;
  readonly signatures: ReadonlyMap<string, SignatureResult>;
  /** By the deployment that the result names; '' if it names none. */
  readonly audits: ReadonlyMap<string, NonNullable<Evidence['audit']>>;
  readonly preflights: ReadonlyMap<string, NonNullable<Evidence['preflight']>>;
}

interface MutableResults {
  readonly signatures: Map<string, SignatureResult>;
  readonly copies: Map<string, CopyResult & { readonly digest?: string }>;
  readonly verdicts: Map<string, VerifyResult>;
  readonly audits: Map<string, NonNullable<Evidence['audit']>>;
  readonly preflights: Map<string, NonNullable<Evidence['preflight']>>;
}

/** A better result counts: an image that one pod failed to copy and another copied is there. */
const RANK = { copied: 3, skipped: 2, present: 2, failed: 1 } as const;

/**
 * Reads results: the JSON lines of the mirror Job or of load, also as `kubectl logs --prefix` prints them, and the JSON of
 * verify, signatures, audit and preflight, in any number of files.
 *
 * @throws InputError that names each file without a result
 */
export function readResults(files: readonly { readonly file: string; readonly text: string }[]): Results {
  const results: MutableResults = {
    copies: new Map(),
    verdicts: new Map(),
    signatures: new Map(),
    audits: new Map(),
    preflights: new Map(),
  };
  const wrong = files.filter(({ text }) => !readResult(text, results));
  if (wrong.length === 0) return results;
  throw new InputError(
    wrong.map(({ file }) => ({
      place: startOf(file),
      message:
        'there is no result; expected the log of the mirror Job, or the JSON of verify, signatures, audit or preflight',
      hint: 'The log of a completed Job has one line of JSON per image. Other commands print JSON with --format json.',
    })),
  );
}

function readResult(text: string, results: MutableResults): boolean {
  const whole = parseJson(text);
  if (isObject(whole) && !('image' in whole)) return readDocument(whole, results);
  if (Array.isArray(whole)) return whole.filter((it) => isObject(it) && readDocument(it, results)).length > 0;
  let found = false;
  for (const line of text.split('\n')) {
    const start = line.indexOf('{"');
    const value = start < 0 ? undefined : parseJson(line.slice(start));
    if (!isObject(value) || typeof value.image !== 'string' || !isCopyResult(value.result)) continue;
    found = true;
    const known = results.copies.get(value.image);
    if (known && RANK[known.result] >= RANK[value.result]) continue;
    results.copies.set(value.image, {
      result: value.result,
      ...numbers(value, 'attempts', 'seconds', 'bytes'),
      ...(isObject(value.artifacts) && {
        artifacts: numbers(value.artifacts, 'expected', 'copied', 'skipped', 'present', 'failed'),
      }),
      ...texts(value, 'digest', 'class', 'error', 'hint'),
    });
  }
  return found;
}

function readDocument(document: Record<string, unknown>, results: MutableResults): boolean {
  const deployment = typeof document.deployment === 'string' ? document.deployment : '';
  const signatures = readSignatureResults(document);
  if (signatures) {
    for (const [image, result] of signatures) results.signatures.set(image, result);
    return true;
  }
  if (Array.isArray(document.images) && typeof document.server === 'string') {
    for (const one of document.images) {
      if (!isObject(one) || typeof one.image !== 'string' || typeof one.result !== 'string') continue;
      const artifacts = Array.isArray(one.artifacts) ? one.artifacts.filter(isObject) : [];
      results.verdicts.set(one.image, {
        result: one.result,
        ...texts(one, 'found', 'reason'),
        ...(artifacts.length > 0 && { artifacts: verifiedArtifacts(artifacts) }),
      });
    }
    return true;
  }
  if (typeof document.asPlanned === 'boolean' && isObject(document.counts)) {
    const counts = Object.entries(document.counts).filter(([, value]) => typeof value === 'number');
    results.audits.set(deployment, {
      asPlanned: document.asPlanned,
      counts: Object.fromEntries(counts) as Record<string, number>,
    });
    return true;
  }
  if (Array.isArray(document.answers) && typeof document.result === 'string') {
    results.preflights.set(deployment, { result: document.result });
    return true;
  }
  return false;
}

/** A deployment whose plan was carried out. */
export interface Deployment {
  readonly plan: Plan;
  readonly config: Pick<Config, 'name' | 'registry'>;
}

/** Puts results beside the plan of each deployment, and says whether its release may go on. */
export function collectEvidence(deployments: readonly Deployment[], results: Results): Evidence[] {
  const all = deployments.map((deployment) => evidenceOf(deployment, results));
  // An image of another deployment is not one too many.
  return all.map((evidence) => ({
    ...evidence,
    surplus: evidence.surplus.filter((name) => all.every(({ surplus }) => surplus.includes(name))),
  }));
}

function evidenceOf({ plan, config }: Deployment, results: Results): Evidence {
  const { server } = config.registry;
  const name = config.name ?? '';
  const audit = results.audits.get(name) ?? results.audits.get('');
  const preflight = results.preflights.get(name) ?? results.preflights.get('');
  const names = new Set<string>();
  const images = plan.relocations.map((relocation): ImageEvidence => {
    const { source, target, containers, artifacts = [] } = relocation;
    const signatures = signatureEvidence(relocation, server, results.signatures);
    const pushed = `${repositoryName(target)}:${target.tag}`;
    // verify asks the server that nodes pull from, the mirror pushes to another if there is one.
    const pulled = `${server}/${target.repository}:${target.tag}`;
    for (const name of [pushed, pulled]) names.add(name);
    const report = results.copies.get(pushed);
    const isOfThisPlan = !report?.digest || !target.digest || report.digest === target.digest;
    const { digest: _, ...copy } = report ?? {};
    const copyOfThisPlan = isOfThisPlan ? report && (copy as CopyResult) : undefined;
    const verify = results.verdicts.get(pulled) ?? results.verdicts.get(pushed);
    return {
      ...(source && { source }),
      target,
      containers,
      ...(copyOfThisPlan && { copy: copyOfThisPlan }),
      ...(verify && { verify }),
      status: statusOf(copyOfThisPlan, verify),
      ...(artifacts.length > 0 && {
        artifacts: artifactsOf(artifacts.length, copyOfThisPlan?.artifacts, verify?.artifacts),
      }),
      ...(signatures && { signatures }),
    };
  });
  const surplus = [...results.copies.keys(), ...results.verdicts.keys()].filter((name) => !names.has(name));
  const artifacts = sumOfArtifacts(images.flatMap(({ artifacts }) => artifacts ?? []));
  const reasons = reasonsAgainst(plan, images, artifacts, { audit, preflight });
  const unknown = images.filter(({ status }) => status === 'unknown').length;
  const open = [
    ...(unknown > 0 ? [`there is no result for ${count(unknown, 'image')} of the plan`] : []),
    ...(artifacts && artifacts.unknown > 0
      ? [`there is no result for ${count(artifacts.unknown, 'artifact')} of the plan`]
      : []),
  ];
  return {
    plan: plan.hash,
    mayGoOn: reasons.length > 0 ? 'no' : open.length > 0 ? 'unknown' : 'yes',
    reasons: [...reasons, ...open],
    images,
    ...(artifacts && { artifacts }),
    ...(audit && { audit }),
    ...(preflight && { preflight }),
    surplus: [...new Set(surplus)],
  };
}

function statusOf(
  copy: CopyResult | undefined,
  verify: { readonly result: string } | undefined,
): ImageEvidence['status'] {
  // Asked afterwards, the registry knows better than the run that copied.
  if (verify?.result === 'present') return 'there';
  if (verify && verify.result !== 'unknown') return 'missing';
  if (!copy) return 'unknown';
  return copy.result === 'failed' ? 'missing' : 'there';
}

function reasonsAgainst(
  plan: Plan,
  images: readonly ImageEvidence[],
  artifacts: ArtifactEvidence | undefined,
  { audit, preflight }: Pick<Evidence, 'audit' | 'preflight'>,
): string[] {
  const errors = plan.findings.filter(({ severity }) => severity === 'error').length;
  const missing = images.filter(({ status }) => status === 'missing').length;
  return [
    ...(errors > 0 ? [`the plan has ${count(errors, 'error')}`] : []),
    ...(missing > 0
      ? [`${count(missing, 'image')} of the plan ${missing === 1 ? 'is' : 'are'} not in the registry`]
      : []),
    ...(artifacts && artifacts.missing > 0
      ? [
          `${count(artifacts.missing, 'artifact')} of the plan ${artifacts.missing === 1 ? 'is' : 'are'} not in the registry`,
        ]
      : []),
    ...reasonsAgainstSignatures(images),
    ...(audit && !audit.asPlanned ? ['the audit found differences between the cluster and the plan'] : []),
    ...(preflight?.result === 'failed' ? ['the preflight failed'] : []),
  ];
}

function isCopyResult(value: unknown): value is CopyResult['result'] {
  return typeof value === 'string' && Object.hasOwn(RANK, value);
}

/** Longer texts come from somewhere else. */
const LONGEST = 1000;

function texts<K extends string>(value: Record<string, unknown>, ...keys: K[]): { [key in K]?: string } {
  const found: { [key in K]?: string } = {};
  for (const key of keys) {
    const text = value[key];
    if (typeof text === 'string' && text !== '') found[key] = text.slice(0, LONGEST);
  }
  return found;
}

function numbers<K extends string>(value: Record<string, unknown>, ...keys: K[]): { [key in K]?: number } {
  const found: { [key in K]?: number } = {};
  for (const key of keys) {
    const number = value[key];
    if (typeof number === 'number') found[key] = number;
  }
  return found;
}
