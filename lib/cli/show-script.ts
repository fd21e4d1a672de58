import { parseReport } from '../mirror/report.ts';
import { EXIT } from './exit.ts';
import { CopyReport } from './format/copies.ts';
import { LiveBlock } from './live-block.ts';
import { terminalOf } from './terminal.ts';

/** A line of progress with the counts of the whole run, as mirror.sh prints one now and then. */
const TOTALS = /^progress: (?<totals>.+)$/;
/** A line of progress about one image. */
const IMAGE = /^\[\d+\/\d+\] (?<image>\S+) (?<what>.*)$/;

/**
 * Prints the report of a script while it runs: as JSON or as text. Progress is a live block on a terminal; otherwise
 * a line with totals from time to time on standard error.
 *
 * @param run starts the script and gives its exit code
 */
export async function showScript(
  format: 'text' | 'json',
  run: (show: { onReport: (line: string) => void; onProgress: (line: string) => void }) => Promise<number>,
): Promise<void> {
  const block = new LiveBlock(process.stderr);
  const people = new CopyReport(terminalOf(process.stdout));
  const copying = new Map<string, string>();
  const said: string[] = [];
  let totals = '';
  const status = await run({
    onReport: (line) => {
      block.clear();
      if (format === 'json') process.stdout.write(`${line}\n`);
      else process.stdout.write(formatLine(line));
    },
    onProgress: (line) => {
      const about = TOTALS.exec(line)?.groups;
      if (about) {
        totals = about.totals ?? '';
        if (!process.stderr.isTTY) process.stderr.write(`${totals}\n`);
      } else {
        said.push(line);
        noteImage(line);
      }
      block.show([...(totals ? [totals] : []), ...copying.values()]);
    },
  });
  block.clear();
  // 0: all is there. 1, and 3 if no other run will fix it: something failed, and the report says what.
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

  function noteImage(line: string): void {
    const { image, what = '' } = IMAGE.exec(line)?.groups ?? {};
    // load.sh does one thing after another.
    if (image === undefined) copying.clear();
    if (image === undefined || what.startsWith('copying')) copying.set(image ?? '', `  ${line}`);
    else copying.delete(image);
  }

  function formatLine(line: string): string {
    const report = parseReport(line);
    if (!report) return `${line}\n`;
    return 'result' in report ? people.image(report) : people.summary(report);
  }
}
