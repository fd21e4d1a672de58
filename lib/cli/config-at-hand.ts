import { existsSync } from 'node:fs';
import { type ConfigDocument, readConfig } from '../config/load.ts';
import { rememberSecretsOf } from '../credentials/known-secrets.ts';
import type { Program } from './program.ts';

/** The configuration for a command that can do without: the default need not be there, one that somebody named must. */
export function readConfigAtHand(program: Program): ConfigDocument | undefined {
  const path = program.opts().config;
  const named = process.env.ESS_AIRGAP_CONFIG || program.getOptionValueSource('config') !== 'default';
  if (!named && !existsSync(path)) return undefined;
  rememberSecretsOf(path, process.env);
  return readConfig(path);
}
