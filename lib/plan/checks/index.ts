import { bySeverity, type Finding } from '../finding.ts';
import { productOf } from '../products/index.ts';
import type { Check, Checked } from './checked.ts';
import { checkDigests } from './images.ts';
import { checkCredentials, checkMirror } from './mirror.ts';
import { checkProfile, checkPullThrough } from './registry.ts';
import { checkSecrets } from './secrets.ts';
import { checkLeftAlone, checkSelection } from './selection.ts';
import { checkCollisions, checkSize, checkTargets } from './targets.ts';
import { checkOverrides, checkRules } from './unmatched.ts';

/** Every check, in the order of its findings. */
const CHECKS: readonly Check[] = [
  checkTargets,
  checkCollisions,
  checkSize,
  checkSelection,
  checkRules,
  checkOverrides,
  checkLeftAlone,
  checkDigests,
  checkPullThrough,
  checkProfile,
  checkCredentials,
  checkMirror,
  checkSecrets,
  (checked) => productOf(checked.plan.release).check(checked),
];

/** Returns all findings about a plan: errors first, then in the order of the checks. */
export function checkPlan(checked: Checked): Finding[] {
  return bySeverity(CHECKS.flatMap((check) => check(checked)));
}
