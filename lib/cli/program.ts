import { Command, Option } from '@commander-js/extra-typings';
import { version } from '../../package.json';
import { safeLines } from '../input/quote.ts';

/** The root command, which the commands are added to. */
export type Program = ReturnType<typeof makeProgram>;

/** `ess-airgap` without its commands; parsing it throws a CommanderError where commander would exit. */
export function makeProgram() {
  return new Command('ess-airgap')
    .description(
      "Element Server Suite from a registry of your own: a release's images, planned, compared, checked",
    )
    .addOption(
      new Option(
        '-c, --config <file>',
        'the configuration; repeat it for several deployments (default: airgap.yaml, or the files, separated by commas, that ESS_AIRGAP_CONFIG names)',
      )
        .argParser((path: string, before: readonly string[] | undefined) => [...(before ?? []), path])
        .helpGroup('Everywhere:'),
    )
    .addOption(new Option('--debug', 'show the stack trace of an error').helpGroup('Everywhere:'))
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      // What is wrong with an argument repeats it.
      writeErr: (text) => process.stderr.write(safeLines(text)),
    })
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('ess-airgap --help, or ess-airgap <command> --help, says what there is.')
    .exitOverride();
}

const EXIT_CODES = `
Exit codes: 0 fine, 1 the answer is no, 2 wrong use or broken input.`;
