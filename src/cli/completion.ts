import { CliError } from './cli-error.ts';
import { command } from './command.ts';
import { commands } from './commands.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

export default command({
  summary: 'Print the completion script of a shell',
  arguments: [{ name: '<shell>', description: shells.join(', ') }],
  options: {},
  examples: [
    ['eval "$(mic completion bash)"', 'In ~/.bashrc'],
    ['mic completion fish > ~/.config/fish/completions/mic.fish', 'For fish'],
  ],
  async run(_context, [shell]) {
    const script = scripts[shell as (typeof shells)[number]];
    if (script === undefined)
      throw new CliError(
        'cli/usage',
        `There is no completion for "${shell}". There is one for ${shells.join(', ')}.`,
      );
    return { json: { shell, script: script() }, text: script() };
  },
});

/** The words that can come first, and those that can come behind each. */
function words(): Map<string, string[]> {
  const all = new Map<string, string[]>();
  for (const { path } of commands) {
    const [first, second] = path.split(' ');
    all.set(first!, [...(all.get(first!) ?? []), ...(second === undefined ? [] : [second])]);
  }
  return all;
}

function bash(): string {
  const cases = Array.from(
    words(),
    ([first, rest]) => `    ${first}) COMPREPLY=($(compgen -W "${rest.join(' ')}" -- "$word")) ;;`,
  );
  return [
    '_mic() {',
    '  local word=$2',
    `  if [ "$COMP_CWORD" -eq 1 ]; then COMPREPLY=($(compgen -W "${[...words().keys()].join(' ')}" -- "$word")); return; fi`,
    '  if [ "$COMP_CWORD" -ne 2 ]; then return; fi',
    '  eval "set -- $COMP_LINE"; case "$2" in',
    ...cases,
    '  esac',
    '}',
    'complete -o default -F _mic mic',
  ].join('\n');
}

function zsh(): string {
  return ['autoload -U +X bashcompinit && bashcompinit', bash()].join('\n');
}

function fish(): string {
  const lines = commands.map(({ path, summary }) => {
    const [first, second] = path.split(' ');
    const when = second === undefined ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${first}`;
    return `complete -c mic -n '${when}' -a ${second ?? first} -d '${summary.replaceAll("'", "\\'")}'`;
  });
  const groups = [...words()].filter(([, rest]) => rest.length > 0);
  return [...groups.map(([first]) => `complete -c mic -n __fish_use_subcommand -a ${first}`), ...lines].join(
    '\n',
  );
}

const scripts: Readonly<Record<(typeof shells)[number], () => string>> = { bash, zsh, fish };
