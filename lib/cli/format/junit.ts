/** One test of a JUnit report. Without failure and error it passed. */
export interface JUnitCase {
  readonly name: string;
  /** The answer is no. `text` may have several lines. */
  readonly failure?: JUnitProblem;
  /** There is no answer. */
  readonly error?: JUnitProblem;
}

export interface JUnitProblem {
  readonly message: string;
  readonly text: string;
}

/** Tests that belong together. */
export interface JUnitSuite {
  readonly name: string;
  readonly cases: readonly JUnitCase[];
}

/** A report in the XML that GitLab, Jenkins and others show as test results. */
export function formatJUnit(suites: readonly JUnitSuite[]): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    `<testsuites ${countsOf(suites.flatMap(({ cases }) => cases))}>\n`,
    ...suites.map(suiteElement),
    '</testsuites>\n',
  ].join('');
}

function suiteElement({ name: suite, cases }: JUnitSuite): string {
  const lines = cases.map(({ name, failure, error }) => {
    const open = `    <testcase classname="${escapeXml(suite)}" name="${escapeXml(name)}"`;
    const problems = [
      ...(failure ? [problemElement('failure', failure)] : []),
      ...(error ? [problemElement('error', error)] : []),
    ];
    return problems.length > 0 ? `${open}>\n${problems.join('')}    </testcase>\n` : `${open}/>\n`;
  });
  return `  <testsuite name="${escapeXml(suite)}" ${countsOf(cases)}>\n${lines.join('')}  </testsuite>\n`;
}

function countsOf(cases: readonly JUnitCase[]): string {
  const failures = cases.filter(({ failure }) => failure).length;
  const errors = cases.filter(({ error }) => error).length;
  return `tests="${cases.length}" failures="${failures}" errors="${errors}"`;
}

function problemElement(tag: 'failure' | 'error', { message, text }: JUnitProblem): string {
  return `      <${tag} message="${escapeXml(message)}">${escapeXml(text)}</${tag}>\n`;
}

/** Text for XML 1.0, which has no form at all for most control characters and for half a character. */
export function escapeXml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
  };
  return text
    .replace(/[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
