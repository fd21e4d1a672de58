import { existsSync } from 'node:fs';
import { type ConfigDocument, readConfig } from '../config/load.ts';
import type { Program } from './program.ts';

/** The configuration for a command that can do without: the default need not be there, one that somebody named must. */
export function readConfigAtHand(program: Program): ConfigDocument | undefined {
  const path = program.opts().config;
  const named = process.env.ESS_AIRGAP_CONFIG || program.getOptionValueSource('config') !== 'default';
  return named || existsSync(path) ? readConfig(path) : undefined;
}
