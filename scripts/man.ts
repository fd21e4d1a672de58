import { writeFileSync } from 'node:fs';
import type { Argument, CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { COMMANDS } from '../lib/cli/commands/index.ts';
import { makeProgram } from '../lib/cli/program.ts';
import { version } from '../package.json';

// Writes the man page, ess-airgap.1, from the program that prints `--help`: node man.cjs FILE. It is one page for all
// commands, so that one file is enough for `man -l` on a machine without a package manager.

const program = makeProgram();
for (const add of COMMANDS) add(program);
const [file = ''] = process.argv.slice(2);
writeFileSync(file, renderPage(program));

function renderPage(program: CommandUnknownOpts): string {
  const help = program.createHelp();
  const commands = help.visibleCommands(program);
  const lines = [
    // Without a date: the same input gives the same page.
    `.TH ESS-AIRGAP 1 "" "ess-airgap ${version}"`,
    // Flush left and without hyphens at the end of a line, so that options and paths can be copied.
    '.ad l',
    '.nh',
    '.SH NAME',
    `ess-airgap \\- ${troff(program.description())}`,
    '.SH SYNOPSIS',
    ...synopsis('ess-airgap [options] <command>'),
    '.SH COMMANDS',
    ...commands.flatMap(sectionOf),
    '.SH GLOBAL OPTIONS',
    ...help.visibleOptions(program).flatMap(optionLines),
    '.SH EXIT STATUS',
    ...afterHelp(program).slice(1),
    '.SH ENVIRONMENT',
    ...entry(
      '\\fBESS_AIRGAP_CONFIG\\fR',
      'the configurations, separated by commas, if --config is not given',
    ),
    ...entry('\\fBNO_COLOR\\fR', 'no colors in a terminal'),
    '.SH SEE ALSO',
    troff('skopeo(1), kubectl(1)'),
  ];
  return `${lines.join('\n')}\n`;
}

function sectionOf(command: CommandUnknownOpts): string[] {
  const help = command.createHelp();
  const args: Argument[] = help.visibleArguments(command);
  return [
    `.SS ${troff(command.name())}`,
    troff(sentence(command.description() || command.summary())),
    '.PP',
    ...synopsis(`ess-airgap ${command.name()} ${command.usage()}`),
    ...args.flatMap((argument) =>
      entry(`\\fI${troff(argument.name())}\\fR`, help.argumentDescription(argument)),
    ),
    // --help stands with the global options.
    ...help
      .visibleOptions(command)
      .filter(({ long }) => long !== '--help')
      .flatMap(optionLines),
    ...afterHelp(command),
  ];
}

function optionLines(option: Option): string[] {
  const flags = troff(option.flags).replace(/(\\-\\?[\\\w-]+)/g, '\\fB$1\\fR');
  return entry(flags, program.createHelp().optionDescription(option));
}

/** A term and the text below it. */
function entry(term: string, text: string): string[] {
  return ['.TP', term, troff(text)];
}

function synopsis(usage: string): string[] {
  return [`\\fB${troff(usage.trim())}\\fR`];
}

/** What a command adds to its help: lines that are shown as they are below a heading that ends with a colon. */
function afterHelp(command: CommandUnknownOpts): string[] {
  let whole = '';
  command.configureOutput({ ...command.configureOutput(), writeOut: (text) => (whole += text) });
  command.outputHelp();
  const added = whole.slice(command.helpInformation().length).trim();
  if (added === '') return [];
  return ['.PP', '.nf', ...added.split('\n').map((line) => troff(line)), '.fi'];
}

/** The text for troff: no character of it is an instruction. */
function troff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replace(/^\./gm, '\\&.');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
}
