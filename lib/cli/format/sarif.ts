import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { helpOf } from '../../input/problem.ts';
import type { Finding } from '../../plan/finding.ts';
import { MAX_FINDINGS, omittedOf, type Reported } from './findings.ts';
import { jsonText } from './json.ts';

/**
 * Findings in SARIF 2.1.0, which code hosts and editors read. A rule is the code of a finding; its help is the section
 * of docs/findings.md.
 */
export function findingsSarif(findings: readonly Reported[], version: string): string {
  const codes = [...new Set(findings.map(({ code }) => code))].sort();
  const log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'ess-airgap',
            semanticVersion: version,
            rules: codes.map((code) => ({ id: code, shortDescription: { text: code.replaceAll('-', ' ') } })),
          },
        },
        columnKind: 'utf16CodeUnits',
        ...(findings.length > MAX_FINDINGS && { properties: omittedOf(findings) }),
        results: findings.slice(0, MAX_FINDINGS).map((finding) => ({
          ruleId: finding.code,
          ruleIndex: codes.indexOf(finding.code),
          level: finding.severity,
          message: { text: [finding.message, ...helpOf(finding)].join('\n') },
          ...(finding.place && { locations: [locationOf(finding.place)] }),
        })),
      },
    ],
  };
  return jsonText(log);
}

function locationOf({ file, line, column }: NonNullable<Finding['place']>) {
  const uri = isAbsolute(file)
    ? pathToFileURL(file).href
    : file.split(/[\\/]/).map(encodeURIComponent).join('/');
  return {
    physicalLocation: { artifactLocation: { uri }, region: { startLine: line, startColumn: column } },
  };
}
