import type { CredentialDoubt, CredentialFault } from '../credentials/credential-source.ts';
import { formatProblem, InputError, type Problem } from '../input/problem.ts';

/**
 * error: synth stops, because something would fail or run from the internet. warning: probably a mistake. note:
 * information.
 */
export type Severity = 'error' | 'warning' | 'note';

/** All codes with their severity. Each has a section in docs/findings.md. */
export const FINDINGS = {
  'nothing-overridden': 'error',
  'target-collision': 'error',
  'target-illegal': 'error',
  'target-is-source': 'error',
  'pull-through-upstream': 'error',
  'mirror-image-unpinned': 'error',
  'exclude-unmatched': 'error',
  'copy-only-unmatched': 'error',
  'exclude-copy-only': 'error',
  'rule-unmatched': 'error',
  'override-unmatched': 'error',
  'config-map-too-large': 'error',
  'artifact-collision': 'error',
  'sparse-index-refused': 'error',
  'helm-inline-image': 'error',
  'helm-values-override': 'error',
  'helm-not-locked': 'error',
  'signature-missing': 'error',
  'verify-unmatched': 'error',
  'secret-collision': 'error',
  'credential-shared': 'error',
  'credential-unset': 'error',
  'credential-empty': 'error',
  'credential-control-character': 'error',
  'credential-colon': 'error',
  'credential-demo': 'error',
  'credential-file': 'error',
  'credential-file-in-git': 'error',
  'credential-leaked': 'error',
  'login-required': 'error',
  'secrets-not-ignored': 'error',
  'deployment-collision': 'error',
  'credential-file-readable': 'warning',
  'login-missing': 'warning',
  'config-map-large': 'warning',
  'rule-shadowed': 'warning',
  'verify-shadowed': 'warning',
  'helm-unused': 'warning',
  'helm-value-image': 'warning',
  'helm-registry-null': 'warning',
  'helm-pull-secret-unused': 'warning',
  'helm-pull-secret-missing': 'warning',
  'digest-missing': 'warning',
  'override-drops-digest': 'warning',
  'component-partly-excluded': 'warning',
  'component-partly-copy-only': 'warning',
  'pull-through-renamed': 'warning',
  'auth-unmatched': 'warning',
  'auth-missing': 'warning',
  'server-unmatched': 'warning',
  'guard-kubernetes-version': 'warning',
  'guard-allow-unused': 'warning',
  'profile-path': 'warning',
  'profile-depth': 'warning',
  'artifacts-skopeo': 'warning',
  'artifacts-unknown': 'warning',
  'artifacts-pull-through': 'warning',
  'helm-switched-off': 'note',
  'namespace-default': 'note',
  'component-excluded': 'note',
  'component-copy-only': 'note',
  'tag-made': 'note',
  'own-image': 'note',
  'pull-through-group': 'note',
  'create-first': 'note',
  'sparse-index': 'note',
  'mirror-image-upstream': 'note',
  'rate-budget': 'note',
  'no-mirror': 'note',
  'artifacts-platforms': 'note',
  'gitops-plain-secret': 'note',
  'guard-excluded': 'note',
  'guard-previous': 'note',
  'signature-no-policy': 'note',
} as const satisfies Record<CredentialFault, 'error'> &
  Record<CredentialDoubt, 'warning'> &
  Record<string, Severity>;

export type FindingCode = keyof typeof FINDINGS;

/** One finding about a plan. */
export interface Finding extends Problem {
  readonly code: FindingCode;
  readonly severity: Severity;
}

/** Creates a finding with the severity of its code. */
export function finding(code: FindingCode, problem: Problem): Finding {
  return { ...problem, code, severity: FINDINGS[code] };
}

/** Returns findings with the errors first and the notes last, otherwise in their order. */
export function bySeverity(findings: readonly Finding[]): Finding[] {
  const rank = { error: 0, warning: 1, note: 2 };
  return [...findings].sort((a, b) => rank[a.severity] - rank[b.severity]);
}

/** Formats a finding as one paragraph with its code. */
export function formatFinding(finding: Finding): string {
  return formatProblem(finding.severity, finding);
}

/** Returns the findings that are errors. */
export function errorsOf(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ severity }) => severity === 'error');
}

/** Throws an InputError with all findings that are errors, if there are any. */
export function assertNoErrors(findings: readonly Finding[]): void {
  const errors = errorsOf(findings);
  if (errors.length > 0) throw new InputError(errors);
}
