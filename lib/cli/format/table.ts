import type { Terminal } from '../terminal.ts';

const GAP = '  ';

/**
 * Rows in columns, with nothing but blanks between them: what is printed can be searched, cut and pasted. On a
 * terminal a cell that is too wide goes on below, broken between the parts of a name and never inside a word; if the
 * columns cannot be made narrow enough, each row becomes a block with a line per cell. In a file or pipe every row is
 * one line. All text is ASCII: the readers let nothing else into a name.
 */
export function formatTable(head: readonly string[], rows: readonly string[][], terminal: Terminal): string {
  const natural = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const least = head.map((title, column) =>
    Math.max(title.length, ...rows.flatMap((row) => words(row[column] ?? '').map((word) => word.length))),
  );
  const widths = columnWidths(natural, least, terminal.width);
  return widths ? inColumns(head, rows, widths, terminal) : inBlocks(head, rows, terminal);
}

/** Words of a sentence in lines of a width, for lists of names; 80 columns if the terminal's width is not known. */
export function wrap(items: readonly string[], { width = 80 }: Terminal, indent: string): string {
  const lines: string[] = [];
  let line = indent;
  items.forEach((item, index) => {
    const word = index < items.length - 1 ? `${item},` : item;
    if (line !== indent && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? word : ` ${word}`;
  });
  return `${[...lines, line].join('\n')}\n`;
}

function inColumns(
  head: readonly string[],
  rows: readonly string[][],
  widths: readonly number[],
  { colors }: Terminal,
): string {
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
  return `${[colors.bold(format(head)), ...lines.map(format)].join('\n')}\n`;
}

function inBlocks(
  head: readonly string[],
  rows: readonly string[][],
  { colors, width = Number.POSITIVE_INFINITY }: Terminal,
): string {
  const label = Math.max(...head.map((title) => title.length));
  const blocks = rows.map((row) =>
    row
      .flatMap((cell, column) =>
        fold(cell, width - label - GAP.length).map((line, index) => {
          const title = (index === 0 ? (head[column] ?? '') : '').padEnd(label);
          return `${colors.bold(title)}${GAP}${line}`.trimEnd();
        }),
      )
      .join('\n'),
  );
  return `${blocks.join('\n\n')}\n`;
}

/** The widths of the columns: their own if all fit, else the widest are cut down; undefined if words would be cut. */
function columnWidths(
  natural: readonly number[],
  least: readonly number[],
  width: number | undefined,
): readonly number[] | undefined {
  if (width === undefined) return natural;
  const available = width - GAP.length * (natural.length - 1);
  const limited = (limit: number): readonly number[] =>
    natural.map((column, index) => Math.max(Math.min(column, limit), least[index] ?? 0));
  for (let limit = Math.max(...natural); limit > 0; limit--) {
    const widths = limited(limit);
    if (widths.reduce((sum, column) => sum + column, 0) <= available) return widths;
  }
  return undefined;
}

/** A text in lines of at most a width, if its words let it. */
function fold(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words(text)) {
    if (line !== '' && (line + word).trimEnd().length > width) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += word;
  }
  return [...lines, line];
}

/** The parts of names that a line can be broken between: behind a slash or blank, before a tag and a digest. */
function words(text: string): string[] {
  return text.split(/(?<=[/ ])|(?=@)|(?<!sha256)(?=:)/);
}
