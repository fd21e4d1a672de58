import { Option } from '@commander-js/extra-typings';

// Options that several commands share.

/** `--format` of a command that runs a script and shows its reports. */
export const formatOption = () =>
  new Option('-f, --format <format>', 'output format')
    .choices(['text', 'json'] as const)
    .default('text' as const);

/** `--ca` of a command that asks registries. */
export const caOption = () =>
  new Option('--ca <file>', 'PEM file with CA certificates to trust in addition to those of the machine');

/** `--output` of a command that prints a document. */
export const outputOption = () =>
  new Option(
    '-o, --output <file>',
    'write to this file, as a whole or not at all (default: standard output)',
  );
