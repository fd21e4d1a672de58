import type { CredentialProblem } from './credential-source.ts';

/** Why no registry accepts a user name or password: the code, and what is wrong in words. */
export interface ValueFault {
  readonly code: CredentialProblem['code'];
  readonly what: string;
}

/** Returns what is wrong with a user name, if anything. */
export function faultOfUsername(value: string | undefined): ValueFault | undefined {
  if (value?.includes(':'))
    return { code: 'credential-colon', what: 'has a colon, which a user name must not have (RFC 7617)' };
  return faultOfPassword(value);
}

/** Returns what is wrong with a password, if anything. */
export function faultOfPassword(value: string | undefined): ValueFault | undefined {
  if (value === undefined) return { code: 'credential-unset', what: 'is not set' };
  if (value === '') return { code: 'credential-empty', what: 'is empty' };
  if (!/[\p{Cc}\u2028\u2029]/u.test(value)) return undefined;
  return { code: 'credential-control-character', what: 'has a line break or another control character' };
}
