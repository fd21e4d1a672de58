import type { App } from 'cdk8s';
import { InputError } from '../input/problem.ts';

/**
 * Asks every construct of an app what it has against itself, as `app.synth()` does, which would end with a stack
 * trace.
 *
 * @throws InputError with the problems of all constructs
 */
export function refuseInvalid(app: App): void {
  const problems = app.node.findAll().flatMap(({ node }) => node.validate());
  if (problems.length > 0) throw new InputError(problems.map((message) => ({ message })));
}
