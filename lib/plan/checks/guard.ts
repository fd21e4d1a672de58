import { count, few } from '../../common/text.ts';
import { containerName } from '../../digests/container-image.ts';
import { type Finding, finding } from '../finding.ts';
import { plannedImages } from '../guard.ts';
import type { Checked } from './checked.ts';

/** ValidatingAdmissionPolicy is in `admissionregistration.k8s.io/v1` since Kubernetes 1.30. */
const FIRST_MINOR = 30;
/**
 * A ConfigMap has at most 1 MiB. `kubectl apply` stores a copy in an annotation; annotations have at most 256 KiB
 * together.
 */
const MAX_BYTES = 1024 * 1024;
const MAX_APPLY_BYTES = 256 * 1024;

/** Checks the admission policy: the API of the cluster, the size of its parameter, and entries without effect. */
export function checkGuard(checked: Checked): Finding[] {
  const { config, plan, previous, excluded, place } = checked;
  const { mode, allow, since } = config.guard;
  if (mode === 'off') return [];
  const { guard } = plan;
  if (!guard) return [];
  const findings: Finding[] = [];

  const version = config.mirror?.kubernetesVersion;
  if (version !== undefined && Number(version.split('.')[1]) < FIRST_MINOR) {
    findings.push(
      finding('guard-kubernetes-version', {
        place: place?.('mirror', 'kubernetesVersion'),
        message: `guard needs Kubernetes 1.${FIRST_MINOR} or later, but mirror.kubernetesVersion is ${version}`,
        hint: `If the cluster is newer, set mirror.kubernetesVersion to its version; otherwise set guard.mode: off.`,
      }),
    );
  }

  const bytes = [...guard.images, ...guard.previous, ...guard.prefixes].join('\n').length;
  if (bytes > MAX_BYTES - 4096 || bytes > MAX_APPLY_BYTES) {
    const tooLarge = bytes > MAX_BYTES - 4096;
    findings.push(
      finding(tooLarge ? 'config-map-too-large' : 'config-map-large', {
        place: place?.('guard'),
        message: `the list of images that guard allows has ${bytes} bytes`,
        hint: tooLarge
          ? `A ConfigMap has at most ${MAX_BYTES} bytes. Set guard.covers: registry, or remove guard.since.`
          : `Above ${MAX_APPLY_BYTES} bytes it must be applied with server-side apply.`,
      }),
    );
  }

  const planned = new Set([...plannedImages(plan), ...(previous ? plannedImages(previous) : [])]);
  allow.forEach((entry, index) => {
    const others = guard.prefixes.filter((prefix) => `${prefix}*` !== entry);
    const isCovered = others.some((prefix) => entry.startsWith(prefix)) || planned.has(entry);
    if (!isCovered && allow.indexOf(entry) === index) return;
    findings.push(
      finding('guard-allow-unused', {
        place: place?.('guard', 'allow', index),
        message: `guard.allow lists ${entry}, which the policy allows anyway`,
        hint: 'Remove the entry.',
      }),
    );
  });

  if (excluded.length > 0) {
    findings.push(
      finding('guard-excluded', {
        place: place?.('exclude'),
        message: `guard does not allow the images of ${count(excluded.length, 'excluded container')}, ${few(excluded.map(containerName), 3)}`,
        hint: `If they are deployed in ${config.namespace}, add their images to guard.allow, or use copyOnly instead of exclude.`,
      }),
    );
  }
  if (since !== undefined) {
    findings.push(
      finding('guard-previous', {
        place: place?.('guard', 'since'),
        message: `guard also allows ${count(guard.previous.length, 'image')} of the previous release ${since}`,
        hint: 'Remove guard.since once no pod of that release is left. audit reports such pods as previous:',
        command: `kubectl get pods -n ${config.namespace} -o json | ess-airgap audit -`,
      }),
    );
  }
  return findings;
}
