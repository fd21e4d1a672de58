import type { Environment } from '../input/environment.ts';
import { base64Cores } from './base64.ts';

const NAMES = /PASSWORD|PASSWD|TOKEN|SECRET/i;
/** Shorter ones would be found in innocent words. */
const SHORTEST = 6;
/** So much of a longer one is recognised where a message cuts it off. */
const BEGINNING = 8;

/**
 * A text without the values of variables that hold secrets by their names: the last line of defence, should a
 * password stand, as it is or in base64, where a message repeats what it found.
 */
export function redact(text: string, environment: Environment): string {
  const secrets = Object.entries(environment).flatMap(([name, value = '']) =>
    NAMES.test(name) && value.length >= SHORTEST ? formsOf(value) : [],
  );
  // The longest first: one may begin with another.
  secrets.sort((a, b) => b.length - a.length);
  return secrets.reduce(removeSecret, text);
}

function formsOf(secret: string): string[] {
  return [secret, JSON.stringify(secret).slice(1, -1), ...base64Cores(secret)];
}

function removeSecret(text: string, secret: string): string {
  const beginning = secret.slice(0, BEGINNING);
  return text
    .split(beginning)
    .map((part, index) => (index === 0 ? part : `***${afterCommon(part, secret.slice(BEGINNING))}`))
    .join('');
}

/** What is left of a text behind the characters that it begins with in common with another. */
function afterCommon(text: string, other: string): string {
  let length = 0;
  while (length < other.length && text[length] === other[length]) length += 1;
  return text.slice(length);
}
