import { count } from '../../common/text.ts';
import { andMore, MAX_LISTED, type Problem } from '../../input/problem.ts';
import { type Finding, formatFinding, type Severity } from '../../plan/finding.ts';
import type { Terminal } from '../terminal.ts';

/** A finding, or a problem of the input that keeps a plan from being made. */
export type Reported = Omit<Finding, 'code'> & { readonly code: string };

/** The code of a problem of the input: such problems have no section of their own in docs/findings.md. */
export const INVALID_INPUT = 'invalid-input';

/** A problem of the input, to be listed like a finding. */
export function reportProblem(problem: Problem): Reported {
  return { ...problem, severity: 'error', code: problem.code ?? INVALID_INPUT };
}

/** The findings as paragraphs, errors first, and their number by severity. */
export function formatFindings(findings: readonly Finding[], { colors }: Terminal): string {
  const paint = { error: colors.red, warning: colors.yellow, note: colors.cyan };
  const listed = findings.slice(0, MAX_LISTED);
  const paragraphs = listed.map((finding) =>
    formatFinding(finding).replace(`${finding.severity}:`, paint[finding.severity](`${finding.severity}:`)),
  );
  const more = andMore(findings.length - listed.length, 'finding');
  return `${[...paragraphs, ...more, countFindings(findings)].join('\n')}\n`;
}

/** For programs: the findings and their number by severity. */
export function findingsJson(findings: readonly Reported[]): object {
  const numberOf = (severity: Severity): number => findings.filter((it) => it.severity === severity).length;
  return {
    errors: numberOf('error'),
    warnings: numberOf('warning'),
    notes: numberOf('note'),
    ...omittedOf(findings),
    findings: findings.slice(0, MAX_FINDINGS).map(findingJson),
  };
}

/** The most that is written for programs. */
export const MAX_FINDINGS = 1000;

/** How many findings are left out of what is written for programs, if any are. */
export function omittedOf(findings: readonly Reported[]): { omitted?: number } {
  return findings.length > MAX_FINDINGS ? { omitted: findings.length - MAX_FINDINGS } : {};
}

/** One finding for programs. */
export function findingJson({ code, severity, message, hint, command, place }: Reported): object {
  return { code, severity, message, hint: hint ?? null, command: command ?? null, place: place ?? null };
}

/** `1 error, 2 warnings, no notes`. */
export function countFindings(findings: readonly Finding[]): string {
  const counted = (severity: Severity): string => {
    const number = findings.filter((finding) => finding.severity === severity).length;
    return number === 0 ? `no ${severity}s` : count(number, severity);
  };
  return `${counted('error')}, ${counted('warning')}, ${counted('note')}`;
}
