/** The examples at the end of a command's help: what it says, and the line to type. */
export function examples(lines: Readonly<Record<string, string>>): string {
  const width = Math.max(...Object.keys(lines).map((line) => line.length));
  const rows = Object.entries(lines).map(([line, says]) => `  ${line.padEnd(width)}  ${says}`);
  return `\nExamples:\n${rows.join('\n')}`;
}
