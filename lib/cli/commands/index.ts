import type { Program } from '../program.ts';
import { addAudit } from './audit.ts';
import { addBundle } from './bundle.ts';
import { addCompletion } from './completion.ts';
import { addDiff } from './diff.ts';
import { addInit } from './init.ts';
import { addLint } from './lint.ts';
import { addLoad } from './load.ts';
import { addLock } from './lock.ts';
import { addMirror } from './mirror.ts';
import { addPlan } from './plan.ts';
import { addPreflight } from './preflight.ts';
import { addReport } from './report.ts';
import { addSignatures } from './signatures.ts';
import { addSynth } from './synth.ts';
import { addVerify } from './verify.ts';
import { addWiring } from './wiring.ts';

/**
 * Adds one command to the program: its options, its help and its action. A command file loads code that only its
 * action needs with `await import(…)`, so that help, completion and other commands start faster.
 */
export type AddCommand = (program: Program) => void;

/** All commands, in the order of the help. */
export const COMMANDS: readonly AddCommand[] = [
  addInit,
  addLock,
  addPlan,
  addLint,
  addSynth,
  addDiff,
  addWiring,
  addReport,
  addPreflight,
  addMirror,
  addVerify,
  addSignatures,
  addAudit,
  addBundle,
  addLoad,
  addCompletion,
];
