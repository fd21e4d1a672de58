import type { Program } from '../program.ts';
import { addBundle } from './bundle.ts';
import { addLint } from './lint.ts';
import { addLoad } from './load.ts';
import { addMirror } from './mirror.ts';
import { addVerify } from './verify.ts';

/**
 * Adds one command to the program: its options, its help and its action. A command file loads whatever only its
 * action needs by `await import(…)`: help, completion and the other commands start without it.
 */
export type AddCommand = (program: Program) => void;

/** Every command, in the order of the help. */
export const COMMANDS: readonly AddCommand[] = [addLint, addVerify, addMirror, addBundle, addLoad];
