/** What a file says about itself before its content. */
export interface Header {
  readonly origin: string;
  /** The tool and the version that the format was checked for. */
  readonly tool: string;
  /** The commands that use the file. */
  readonly run: readonly string[];
  /** What the tool does not take over from the plan. */
  readonly losses: readonly string[];
}

const WIDTH = 110;

/** The header of a YAML file, as comments. */
export function headerLines({ origin, tool, run, losses }: Header): string {
  const lines = [
    `${origin}.`,
    ...wrap(`For ${tool}.`, ''),
    'Run:',
    ...run.map((command) => `  ${command}`),
    'Not carried over from the plan:',
    ...losses.flatMap((loss) =>
      wrap(`- ${loss}`, '    ').map((line, index) => (index === 0 ? `  ${line}` : line)),
    ),
  ];
  return lines.map((line) => `# ${line}\n`).join('');
}

/** Breaks a text between words; lines after the first are indented. */
function wrap(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && line.length + word.length >= WIDTH) {
      lines.push(line);
      line = indent + word;
    } else {
      line = line ? `${line} ${word}` : word;
    }
  }
  return [...lines, line];
}
