import type { Construct, IConstruct } from 'constructs';
import { formatProblem } from '../input/problem.ts';
import { errorsOf } from '../plan/finding.ts';
import type { Plan } from '../plan/model.ts';

/** The plans whose errors some construct of an app reports. */
const reported = new WeakMap<IConstruct, WeakSet<Plan>>();

/**
 * Adds a validation to a construct that is rendered from a plan: an app does not synthesise if the plan has errors.
 * Several constructs of one plan report them once.
 */
export function validatePlan(construct: Construct, plan: Plan): void {
  if (!claimPlan(construct, plan)) return;
  construct.node.addValidation({
    validate: () => errorsOf(plan.findings).map((error) => formatProblem('error', error)),
  });
}

/**
 * Lets a construct report the errors of a plan.
 *
 * @returns false if another construct of the app does
 */
export function claimPlan({ node }: Construct, plan: Plan): boolean {
  const plans = reported.get(node.root) ?? new WeakSet();
  reported.set(node.root, plans);
  if (plans.has(plan)) return false;
  plans.add(plan);
  return true;
}
