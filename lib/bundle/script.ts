import { withSharedParts } from '../mirror/script.ts';
import check from './check.sh';
import load from './load.sh';
import loadChecked from './load-checked.sh';
import plan from './plan.sh';
import printPlan from './print-plan.sh';
import push from './push.sh';
import pushArtifacts from './push-artifacts.sh';

const PARTS: Readonly<Record<string, string>> = {
  'plan.sh': plan,
  'check.sh': check,
  'print-plan.sh': printPlan,
  'push.sh': push,
  'push-artifacts.sh': pushArtifacts,
};

/** load.sh in one file, as a bundle carries it. */
export const LOAD_SCRIPT = withSharedParts(withParts(load));

/** The same without its checks, for a bundle that has been verified. */
export const LOAD_CHECKED_SCRIPT = withSharedParts(withParts(loadChecked));

/** A script with the text of its parts where it would read them from beside it. */
function withParts(script: string): string {
  return script.replace(
    /^(?:# shellcheck source=.*\n)?\. ".*\$0"\)\/([a-z.-]*)"\n/gm,
    (line, name: string) => {
      const part = PARTS[name];
      return part === undefined ? line : withParts(part.replace(/^# shellcheck shell=sh\n/, ''));
    },
  );
}
