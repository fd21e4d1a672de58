import artifactQuestions from './artifact-questions.sh';
import artifactState from './artifact-state.sh';
import artifacts from './artifacts.sh';
import faults from './faults.sh';
import image from './image.sh';
import mirror from './mirror.sh';
import plan from './plan.sh';
import progress from './progress.sh';
import referrers from './referrers.sh';
import report from './report.sh';
import results from './results.sh';
import servers from './servers.sh';
import shares from './shares.sh';
import skopeo from './skopeo.sh';
import { stripComments } from './strip-comments.ts';
import watch from './watch.sh';
import workers from './workers.sh';

/** The parts that load.sh has too. */
const SHARED = {
  'skopeo.sh': skopeo,
  'referrers.sh': referrers,
  'watch.sh': watch,
  'faults.sh': faults,
  'report.sh': report,
};

/** What is run; the other files of {@link SCRIPT} must lie beside it. */
export const SCRIPT_NAME = 'mirror.sh';

/** The mirror, a POSIX shell script: the text of each of its files, by name. */
export const SCRIPT: Readonly<Record<string, string>> = {
  [SCRIPT_NAME]: mirror,
  'plan.sh': plan,
  'workers.sh': workers,
  'shares.sh': shares,
  'servers.sh': servers,
  'image.sh': image,
  'artifacts.sh': artifacts,
  'artifact-questions.sh': artifactQuestions,
  'artifact-state.sh': artifactState,
  'progress.sh': progress,
  'results.sh': results,
  ...SHARED,
};

/**
 * A script in one file: the shared parts stand in it where it would read them from beside it.
 *
 * @throws Error where it reads another file: a fault of ours
 */
export function withSharedParts(script: string): string {
  return script.replace(/^(?:# shellcheck source=.*\n)?\. ".*\/mirror\/([^"]*)"\n/gm, (_, name: string) => {
    const part = SHARED[name as keyof typeof SHARED];
    if (part === undefined) throw new Error(`no shared part is called ${name}`);
    return part.replace(/^# shellcheck shell=sh\n/, '');
  });
}

/**
 * The files of the mirror as a Job gets them: without comments and blank lines, so that neither a reworded comment nor
 * anything else that does not matter to the shell makes another Job of it.
 */
export const EMITTED_SCRIPT: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(SCRIPT).map(([name, text]) => [name, emit(name, text)]),
);

function emit(name: string, text: string): string {
  const header = `# ${name} of ess-airgap without its comments. With them: lib/mirror/${name} in the package of the version that the annotation ess-airgap/version names.\n`;
  const stripped = stripComments(text);
  const shebang = /^#!.*\n/.exec(stripped)?.[0] ?? '';
  return shebang + header + stripped.slice(shebang.length);
}
