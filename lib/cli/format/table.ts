import type { Terminal } from '../terminal.ts';

const GAP = '  ';

/**
 * Rows in columns, with nothing but blanks between them: what is printed can be searched, cut and pasted. On a
 * terminal a cell that is too wide goes on below, broken at the joints of an image reference; in a file or pipe
 * every row is one line. All text is ASCII: the readers let nothing else into a name.
 */
export function formatTable(head: readonly string[], rows: readonly string[][], terminal: Terminal): string {
  const natural = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const widths = columnWidths(natural, terminal.width);
  const lines = rows.flatMap((row) => {
    const cells = row.map((cell, column) => fold(cell, widths[column] ?? 0));
    const height = Math.max(...cells.map((cell) => cell.length));
    return Array.from({ length: height }, (_, line) => cells.map((cell) => cell[line] ?? ''));
  });
  const format = (line: readonly string[]): string =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(GAP)
      .trimEnd();
  return `${[terminal.colors.bold(format(head)), ...lines.map(format)].join('\n')}\n`;
}

/** The widths of the columns: their own where all fit, else the widest are cut down to the same width. */
function columnWidths(natural: readonly number[], width: number | undefined): readonly number[] {
  if (width === undefined) return natural;
  const room = width - GAP.length * (natural.length - 1);
  let limit = Math.max(...natural);
  const total = (): number => natural.reduce((sum, column) => sum + Math.min(column, limit), 0);
  while (limit > 12 && total() > room) limit--;
  return natural.map((column) => Math.min(column, limit));
}

/** A text in lines of a width at most, broken where an image reference has its joints. */
function fold(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  const joints = [...text.matchAll(/(?<=\/)|(?=@)|(?<!sha256)(?=:)/g)].map(({ index }) => index);
  const at = joints.filter((joint) => joint > 1 && joint <= width).at(-1) ?? width;
  return [text.slice(0, at), ...fold(text.slice(at), width)];
}
