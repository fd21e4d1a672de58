import type { Argument, CommandUnknownOpts, Option } from '@commander-js/extra-typings';

/** A word that can stand in the place of the cursor, and what it means. */
interface Word {
  readonly word: string;
  readonly says: string;
}

/** What can be completed behind a command: its options and the choices of its arguments. */
interface Completed extends Word {
  readonly words: readonly Word[];
  /** The values that an option takes, where they are few, by option. */
  readonly choices: readonly { readonly flags: readonly string[]; readonly values: readonly string[] }[];
}

/** The completion script of a shell. File names are completed wherever nothing else is. */
export function renderCompletion(program: CommandUnknownOpts, shell: 'bash' | 'zsh' | 'fish'): string {
  const commands = program.createHelp().visibleCommands(program).map(complete);
  const { words } = complete(program);
  if (shell === 'bash') return bash(commands, words);
  return shell === 'zsh' ? zsh(commands, words) : fish(commands, words);
}

function complete(command: CommandUnknownOpts): Completed {
  const help = command.createHelp();
  const options = [...help.visibleOptions(command), ...(command.parent?.options ?? [])];
  return {
    word: command.name(),
    says: command.summary() || command.description(),
    words: [
      ...command.registeredArguments.flatMap((argument: Argument) =>
        (argument.argChoices ?? []).map((word) => ({ word, says: argument.description })),
      ),
      ...options.flatMap((option: Option) =>
        option.long ? { word: option.long, says: option.description } : [],
      ),
    ],
    choices: options.flatMap(({ short, long, argChoices }: Option) =>
      argChoices ? { flags: [short, long].filter((flag) => flag !== undefined), values: argChoices } : [],
    ),
  };
}

function bash(commands: readonly Completed[], words: readonly Word[]): string {
  const list = (of: readonly Word[]): string => of.map(({ word }) => word).join(' ');
  const cases = commands.map(
    ({ word, words, choices }) =>
      `    ${word})
      case $previous in
${choices.map(({ flags, values }) => `        ${flags.join(' | ')}) words='${values.join(' ')}' ;;\n`).join('')}        -c | --config) words= ;;
        *) words='${list(words)}' ;;
      esac
      ;;`,
  );
  return `# Completion of ess-airgap for bash 3.2 or newer: . <(ess-airgap completion bash)
_ess_airgap() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command= words= word index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case \${COMP_WORDS[index]} in
      ${commands.map(({ word }) => word).join(' | ')}) command=\${COMP_WORDS[index]}; break ;;
    esac
  done
  case $command in
${cases.join('\n')}
    *)
      case $previous in
        -c | --config) words= ;;
        *) words='${list([...commands, ...words])}' ;;
      esac
      ;;
  esac
  COMPREPLY=()
  for word in $words; do
    # Options only where one has begun; else files, which readline completes by itself, would never be offered.
    [[ -z $current && $word == -* ]] && continue
    case $word in "$current"*) COMPREPLY+=("$word") ;; esac
  done
}
complete -o default -F _ess_airgap ess-airgap

# npx ess-airgap: the same for the words from ess-airgap on; everything else as before.
if [[ $(complete -p npx 2>/dev/null) =~ -F[[:space:]]([^[:space:]]+) && \${BASH_REMATCH[1]} != _ess_airgap_npx ]]; then
  _ess_airgap_npx_before=\${BASH_REMATCH[1]}
fi
_ess_airgap_npx() {
  local index
  for ((index = 1; index < COMP_CWORD; index++)); do
    if [[ \${COMP_WORDS[index]} == ess-airgap ]]; then
      COMP_WORDS=("\${COMP_WORDS[@]:index}")
      COMP_CWORD=$((COMP_CWORD - index))
      _ess_airgap
      return
    fi
  done
  COMPREPLY=()
  if [[ -n \${_ess_airgap_npx_before-} ]]; then "$_ess_airgap_npx_before" "$@"; fi
}
complete -o default -F _ess_airgap_npx npx
`;
}

function zsh(commands: readonly Completed[], words: readonly Word[]): string {
  const describe = (of: readonly Word[]): string =>
    of.map(({ word, says }) => `      ${quote(`${word.replaceAll(':', '\\:')}:${says}`)}\n`).join('');
  const cases = commands.map(
    ({ word, words, choices }) => `    ${word})
${choices.map(({ flags, values }) => `      [[ $previous == (${flags.join('|')}) ]] && compadd -- ${values.join(' ')} && return\n`).join('')}      described=(
${describe(words)}      )
      ;;`,
  );
  return `#compdef ess-airgap
# Completion of ess-airgap for zsh: . <(ess-airgap completion zsh), behind compinit
_ess_airgap() {
  local command= previous=\${words[CURRENT-1]} word
  local -a described
  [[ $previous == (-c|--config) ]] && { _files; return }
  for word in \${words[2,CURRENT-1]}; do
    case $word in
      ${commands.map(({ word }) => word).join('|')}) command=$word; break ;;
    esac
  done
  case $command in
${cases.join('\n')}
    *)
      described=(
${describe([...commands, ...words])}      )
      ;;
  esac
  _describe ess-airgap described
  [[ -n $command ]] && _files
}
compdef _ess_airgap ess-airgap

# npx ess-airgap: the same for the words from ess-airgap on; everything else as before.
if [[ \${_comps[npx]-} != _ess_airgap_npx ]]; then _ess_airgap_npx_before=\${_comps[npx]-}; fi
_ess_airgap_npx() {
  local index=\${words[(i)ess-airgap]}
  if (( index < CURRENT )); then
    words=("\${(@)words[index,-1]}")
    (( CURRENT -= index - 1 ))
    _ess_airgap
  else
    \${_ess_airgap_npx_before:-_default}
  fi
}
compdef _ess_airgap_npx npx
`;
}

function fish(commands: readonly Completed[], words: readonly Word[]): string {
  const line = (condition: string, { word, says }: Word, values?: readonly string[]): string => {
    const name = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${word}`;
    return `complete -c ess-airgap -n '${condition}' ${name}${values ? ` -x -a '${values.join(' ')}'` : ''} -d ${quote(says)}`;
  };
  const lines = [
    '# Completion of ess-airgap for fish: ess-airgap completion fish > ~/.config/fish/completions/ess-airgap.fish',
    ...[...commands, ...words].map((word) => line('__fish_use_subcommand', word)),
    ...commands.flatMap(({ word: command, words, choices }) =>
      words.map((word) =>
        line(
          `__fish_seen_subcommand_from ${command}`,
          word,
          choices.find(({ flags }) => flags.includes(word.word))?.values,
        ),
      ),
    ),
    '# npx ess-airgap: the same for the words from ess-airgap on.',
    'function __ess_airgap_npx',
    '  set -l words (commandline -opc)',
    '  set -l index (contains -i -- ess-airgap $words)',
    "  complete -C (string join ' ' -- (string escape -- $words[$index..-1]) (commandline -ct))",
    'end',
    "complete -c npx -n 'contains -- ess-airgap (commandline -opc)' -f -a '(__ess_airgap_npx)'",
  ];
  return `${lines.join('\n')}\n`;
}

/** A text in single quotes, for zsh and fish alike. */
function quote(text: string): string {
  return `'${text.replace(/[\\']/g, (sign) => (sign === "'" ? `'"'"'` : sign))}'`;
}
