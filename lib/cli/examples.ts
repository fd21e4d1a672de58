/** Formats the examples at the end of a command's help, from command lines to their descriptions. */
export function examples(lines: Readonly<Record<string, string>>): string {
  const width = Math.max(...Object.keys(lines).map((line) => line.length));
  const rows = Object.entries(lines).map(([line, says]) => `  ${line.padEnd(width)}  ${says}`);
  return `\nExamples:\n${rows.join('\n')}`;
}
