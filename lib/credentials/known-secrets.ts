import { dirname, resolve } from 'node:path';
import { variableName } from '../config/schema-parts.ts';
import type { Environment } from '../input/environment.ts';
import { readTextFile } from '../input/file.ts';
import { parseDockerConfig } from './docker-config.ts';
import { rememberLogin, rememberSecret } from './redact.ts';

/**
 * Remembers the secrets that a configuration names, so that they are not printed, before it is known whether the
 * configuration is legal: its errors repeat what it holds, and that may be a password in the wrong place. Nothing that is
 * missing or broken is an error here.
 */
export function rememberSecretsOf(configPath: string, environment: Environment): void {
  const text = tryReading(configPath);
  if (text === undefined) return;
  // What is not the name of a variable is the password itself, in the wrong place.
  for (const name of valuesOf('passwordEnv', text))
    rememberSecret(environment[name] ?? (variableName(name) ? name : ''));
  if (!/\bfile\b/.test(text)) return;
  for (const path of valuesOf('path', text)) {
    const file = resolve(dirname(configPath), path);
    rememberDockerConfig(tryReading(file), file);
  }
}

function rememberDockerConfig(text: string | undefined, file: string): void {
  if (!text?.trimStart().startsWith('{')) return;
  try {
    for (const auth of parseDockerConfig(text, file).auths) rememberLogin(auth);
  } catch {
    // Whoever needs the file says what is wrong with it.
  }
}

/** The values of a key anywhere in a YAML text, which may be broken. */
function valuesOf(key: string, text: string): string[] {
  const pattern = new RegExp(
    `\\b${key}["']?[ \\t]*:[ \\t]*(?:"([^"\\n]*)"|'([^'\\n]*)'|([^\\n"',}#][^\\n,}#]*))`,
    'g',
  );
  return [...text.matchAll(pattern)].map(
    ([, double, single, plain]) => double ?? single ?? (plain ?? '').trim(),
  );
}

function tryReading(path: string): string | undefined {
  try {
    return readTextFile(path, 'a file');
  } catch {
    return undefined;
  }
}
