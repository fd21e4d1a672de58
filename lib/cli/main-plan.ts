import { addLint } from './commands/lint.ts';
import { addPlan } from './commands/plan.ts';
import { runCommands } from './run.ts';

// The same for the commands that people and pipelines start most often: a bundle that has only what they need is read
// faster. build/ess-airgap.cjs chooses by the first argument.
runCommands([addPlan, addLint]);
