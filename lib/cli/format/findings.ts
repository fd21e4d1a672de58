import { count } from '../../common/text.ts';
import { type Finding, formatFinding, type Severity } from '../../plan/finding.ts';
import type { Terminal } from '../terminal.ts';

/** The findings as paragraphs, errors first, and their number by severity. */
export function formatFindings(findings: readonly Finding[], { colors }: Terminal): string {
  const paint = { error: colors.red, warning: colors.yellow, note: colors.cyan };
  const paragraphs = findings.map((finding) =>
    formatFinding(finding).replace(`${finding.severity}:`, paint[finding.severity](`${finding.severity}:`)),
  );
  return `${[...paragraphs, countFindings(findings)].join('\n')}\n`;
}

/** `1 error, 2 warnings, no notes`. */
export function countFindings(findings: readonly Finding[]): string {
  const counted = (severity: Severity): string => {
    const number = findings.filter((finding) => finding.severity === severity).length;
    return number === 0 ? `no ${severity}s` : count(number, severity);
  };
  return `${counted('error')}, ${counted('warning')}, ${counted('note')}`;
}
