import { redactOutput } from '../credentials/redact.ts';
import { COMMANDS } from './commands/index.ts';
import { runAtEdge } from './edge.ts';
import { makeProgram } from './program.ts';

// The entry point of the binary: `npm run build` bundles it into build/ess-airgap.cjs.
redactOutput();
const program = makeProgram();
for (const add of COMMANDS) add(program);
void runAtEdge(
  () => program.parseAsync(),
  () => program.opts().debug === true,
);
