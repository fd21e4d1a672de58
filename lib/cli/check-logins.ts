import { readGivenLogins } from '../credentials/logins.ts';
import { Credentials } from '../credentials/machine.ts';
import { findMissingLogins, type NeededLogins } from '../credentials/missing-logins.ts';
import type { Environment } from '../input/environment.ts';
import { assertNoErrors, finding, formatFinding } from '../plan/finding.ts';

/**
 * Prints on standard error which registries a command uses without a login although they need one.
 *
 * @throws InputError if a registry is known to reject that
 */
export async function checkLogins(
  needed: Omit<NeededLogins, 'credentials'>,
  environment: Environment,
): Promise<void> {
  const { config, usedBy, place } = needed;
  const credentials = new Credentials(environment, readGivenLogins(config, environment, { usedBy, place }));
  const missing = await findMissingLogins({ ...needed, credentials });
  const findings = missing.map((problem) => finding(problem.code, problem));
  assertNoErrors(findings);
  for (const it of findings) process.stderr.write(`${formatFinding(it)}\n`);
}
