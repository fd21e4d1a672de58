import { runAtEdge } from './edge.ts';
import { makeProgram } from './program.ts';

// The entry point of the binary: `npm run build` bundles it into build/ess-airgap.cjs.
const program = makeProgram();
void runAtEdge(
  () => program.parseAsync(),
  () => program.opts().debug === true,
);
