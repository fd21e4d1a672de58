import { Option } from '@commander-js/extra-typings';

// Options that several commands have, worded once.

/** `--format` of a command that runs a script and shows its reports. */
export const formatOption = () =>
  new Option('-f, --format <format>', 'how to write it')
    .choices(['text', 'json'] as const)
    .default('text' as const);

/** `--ca` of a command that asks registries. */
export const caOption = () => new Option('--ca <file>', "PEM certificates to trust beside the machine's own");

/** `--output` of a command that prints a document. */
export const outputOption = () =>
  new Option('-o, --output <file>', 'write to this file, complete or not at all, and not to standard output');
