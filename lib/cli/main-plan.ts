import { addLint } from './commands/lint.ts';
import { addPlan } from './commands/plan.ts';
import { runCommands } from './run.ts';

// The entry point for the most frequent commands. A smaller bundle loads faster. build/ess-airgap.cjs selects it by
// the first argument.
runCommands([addPlan, addLint]);
