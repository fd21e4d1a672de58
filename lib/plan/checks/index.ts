import { bySeverity, type Finding } from '../finding.ts';
import { productOf } from '../products/index.ts';
import { checkArtifacts } from './artifacts.ts';
import type { Check, Checked } from './checked.ts';
import { checkGuard } from './guard.ts';
import { checkDigests } from './images.ts';
import { checkCredentials, checkMirror } from './mirror.ts';
import { checkNamespace } from './namespace.ts';
import { checkPullThrough, checkUpstreams } from './pull-through.ts';
import { checkProfile } from './registry.ts';
import { checkSecrets } from './secrets.ts';
import { checkLeftAlone, checkSelection } from './selection.ts';
import { checkSignatures } from './signatures.ts';
import { checkCollisions, checkSize, checkSources, checkTargets } from './targets.ts';
import { checkOverrides, checkRules } from './unmatched.ts';

/** Every check, in the order of its findings. */
const CHECKS: readonly Check[] = [
  checkTargets,
  checkSources,
  checkCollisions,
  checkSize,
  checkSelection,
  checkRules,
  checkOverrides,
  checkNamespace,
  checkLeftAlone,
  checkDigests,
  checkUpstreams,
  checkPullThrough,
  checkProfile,
  checkCredentials,
  checkMirror,
  checkArtifacts,
  checkSecrets,
  (checked) => productOf(checked.plan.release).check(checked),
  checkGuard,
  checkSignatures,
];

/** Returns all findings about a plan: errors first, then in the order of the checks. */
export function checkPlan(checked: Checked): Finding[] {
  return bySeverity(CHECKS.flatMap((check) => check(checked)));
}
