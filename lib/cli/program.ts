import { Command, Option } from '@commander-js/extra-typings';
import { version } from '../../package.json';
import { safeLines } from '../input/quote.ts';

/** The root command that the commands are added to. */
export type Program = ReturnType<typeof makeProgram>;

/** Returns `ess-airgap` without its commands. Parsing throws a CommanderError instead of exiting. */
export function makeProgram() {
  return new Command('ess-airgap')
    .description(
      'Run Element Server Suite from your own registry: plan, copy, compare and verify the images of a release',
    )
    .addOption(
      new Option(
        '-c, --config <file>',
        'the configuration; repeat it for several deployments (default: the files in ESS_AIRGAP_CONFIG, separated by commas, or airgap.yaml)',
      )
        .argParser((path: string, before: readonly string[] | undefined) => [...(before ?? []), path])
        .helpGroup('Everywhere:'),
    )
    .addOption(new Option('--debug', 'print the stack trace of an error').helpGroup('Everywhere:'))
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      // Messages about an argument repeat the argument.
      writeErr: (text) => process.stderr.write(safeLines(text)),
    })
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('Run ess-airgap --help or ess-airgap <command> --help for usage.')
    .exitOverride();
}

const EXIT_CODES = `
Exit codes: 0 success, 1 problems found, 2 usage error or invalid input.`;
