import { parseReport } from '../mirror/report.ts';
import { EXIT } from './exit.ts';
import { CopyReport } from './format/copies.ts';
import { Progress } from './progress.ts';
import { terminalOf } from './terminal.ts';

/**
 * Shows the report of a script as it comes: as it is, or for people; its progress on a terminal only.
 *
 * @param run starts the script and gives its exit code
 */
export async function showScript(
  format: 'text' | 'json',
  run: (show: { onReport: (line: string) => void; onProgress: (line: string) => void }) => Promise<number>,
): Promise<void> {
  const progress = new Progress(process.stderr);
  const people = new CopyReport(terminalOf(process.stdout));
  const said: string[] = [];
  const status = await run({
    onReport: (line) => {
      progress.clear();
      if (format === 'json') process.stdout.write(`${line}\n`);
      else process.stdout.write(formatLine(line));
    },
    onProgress: (line) => {
      said.push(line);
      progress.show(line);
    },
  });
  progress.clear();
  // 0: all is there. 1, and 3 where no other run will mend it: something failed, and the report says what.
  if (status === 1 || status === 3) process.exitCode = EXIT.no;
  else if (status !== 0) {
    process.stderr.write(
      said
        .slice(-100)
        .map((line) => `${line}\n`)
        .join(''),
    );
    process.exitCode = EXIT.failed;
  }

  function formatLine(line: string): string {
    const report = parseReport(line);
    if (!report) return `${line}\n`;
    return 'result' in report ? people.image(report) : people.summary(report);
  }
}
