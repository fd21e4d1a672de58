import { spawnSync } from 'node:child_process';
import { COMMANDS } from '../../lib/cli/commands/index.ts';
import { makeProgram } from '../../lib/cli/program.ts';
import { parseReference } from '../../lib/image/reference.ts';
import type { Problem } from '../../lib/input/problem.ts';

/** What begins a command: a program and the first thing that it is told. */
const COMMAND_IN_TEXT =
  /(^|[\s`:(])(ess-airgap [a-z]|npx [a-z]|skopeo [a-z]|kubectl (apply|create|get|delete|wait|patch|logs)|git (rm|add|commit)|npm (run|install|ci)|aws [a-z]|chmod \d|export [A-Z])/;

const program = makeProgram();
for (const add of COMMANDS) add(program);

/** Why the advice of a problem cannot be followed by pasting it, or undefined: its command is whole, or it has none. */
export function unpasteableReason({
  hint = '',
  command,
}: Pick<Problem, 'hint' | 'command'>): string | undefined {
  if (/…|\.\.\./.test(hint)) return `the hint leaves something out: ${hint}`;
  if (COMMAND_IN_TEXT.test(hint)) return `the hint holds a command, which must be in command: ${hint}`;
  if (command === undefined) return hint.endsWith(':') ? `the hint ends with a colon: ${hint}` : undefined;
  if (!hint.endsWith(':')) return `a command stands below a hint that does not lead to it: ${hint}`;
  return invalidCommandReason(command);
}

function invalidCommandReason(command: string): string | undefined {
  if (/…|\.\.\.|<|>|\n/.test(command)) return `the command has a gap: ${command}`;
  const parsed = spawnSync('bash', ['-n', '-c', command], { encoding: 'utf8' });
  if (parsed.status !== 0) return `no shell can read "${command}": ${parsed.stderr}`;
  const [name, action, ...words] = command.split(' ');
  if (name === 'ess-airgap') {
    const known = program.commands.find((one) => one.name() === action);
    const options = words.filter((word) => word.startsWith('-'));
    const own = [...program.options, ...(known?.options ?? [])].map(({ long }) => long);
    return known && options.every((option) => own.includes(option)) ? undefined : `unknown: ${command}`;
  }
  if (name !== 'skopeo') return undefined;
  const images = words
    .filter((word) => word.startsWith('docker://'))
    .map((word) => word.slice('docker://'.length));
  if (images.length !== (action === 'copy' ? 2 : 1)) return `the wrong number of images: ${command}`;
  for (const image of images) {
    const reference = parseReference(image);
    if (typeof reference === 'string') return `${image} is not an image: ${reference}`;
    if (reference.tag && reference.digest) return `skopeo takes no tag beside a digest: ${image}`;
  }
  return undefined;
}
