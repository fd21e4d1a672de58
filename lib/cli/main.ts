import { COMMANDS } from './commands/index.ts';
import { runCommands } from './run.ts';

// The entry point of the tool with all its commands.
runCommands(COMMANDS);
