import { CliError } from './cli-error.ts';
import { command } from './command.ts';
import { program as mic } from './commands.ts';
import { program as micFs } from './mic-fs.ts';
import { commonOptions } from './parse-arguments.ts';
import type { Program } from './program.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

/** A command as a shell completes it. */
interface CompletedCommand {
  readonly path: string;
  readonly summary: string;
  /** Its long options, `--goal`, and what they are for. */
  readonly options: readonly { readonly name: string; readonly description: string }[];
}

export default command({
  summary: 'Print the completion script of a shell',
  arguments: [{ name: '<shell>', description: shells.join(', ') }],
  options: {},
  examples: [
    ['eval "$(mic completion bash)"', 'In ~/.bashrc'],
    ['mic completion fish > ~/.config/fish/completions/mic.fish', 'For fish'],
  ],
  async run(_context, [shell]) {
    const write = scripts[shell as (typeof shells)[number]];
    if (write === undefined)
      throw new CliError(
        'cli/usage',
        `There is no completion for "${shell}". There is one for ${shells.join(', ')}.`,
      );
    const scriptOf = async (program: Program): Promise<string> =>
      write(program.name, await completedCommands(program));
    const script = (await Promise.all([mic, micFs].map(scriptOf))).join('\n');
    return { json: { shell, script }, text: script };
  },
});

function completedCommands({ commands }: Program): Promise<CompletedCommand[]> {
  return Promise.all(
    commands.map(async ({ path, summary, load }) => {
      const { default: loaded } = await load();
      const options = [
        ...Object.values(loaded.options),
        ...commonOptions,
        { flags: '--help', description: 'help' },
      ];
      return {
        path,
        summary,
        options: options.map(({ flags, description }) => ({
          name: /--[a-z-]+/.exec(flags)![0],
          description,
        })),
      };
    }),
  );
}

/** The words that can come first, and those that can come behind each. */
function words(all: readonly CompletedCommand[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { path } of all) {
    const [first, second] = path.split(' ');
    found.set(first!, [...(found.get(first!) ?? []), ...(second === undefined ? [] : [second])]);
  }
  return found;
}

function bash(program: string, all: readonly CompletedCommand[]): string {
  const name = `_${program.replaceAll('-', '_')}`;
  const groups = [...words(all)].filter(([, rest]) => rest.length > 0);
  const offer = (list: readonly string[]): string =>
    `COMPREPLY=($(compgen -W "${list.join(' ')}" -- "$word"))`;
  return `${name}() {
  local word=\${COMP_WORDS[COMP_CWORD]} first=\${COMP_WORDS[1]} second=\${COMP_WORDS[2]}
  if [ "$COMP_CWORD" -eq 1 ]; then ${offer([...words(all).keys()])}; return; fi
  if [ "$COMP_CWORD" -eq 2 ]; then case $first in
${groups.map(([first, rest]) => `    ${first}) ${offer(rest)}; return ;;`).join('\n')}
  esac; fi
  case $word in -*) ;; *) return ;; esac
  case $first in ${["''", ...groups.map(([first]) => first)].join('|')}) ;; *) second= ;; esac
  case "$first $second" in
${all.map(({ path, options }) => `    "${path}${path.includes(' ') ? '' : ' '}") ${offer(options.map(({ name }) => name))} ;;`).join('\n')}
  esac
}
complete -o default -F ${name} ${program}`;
}

function zsh(program: string, all: readonly CompletedCommand[]): string {
  return ['autoload -U +X bashcompinit && bashcompinit', bash(program, all)].join('\n');
}

function fish(program: string, all: readonly CompletedCommand[]): string {
  const quoted = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;
  const seen = (list: readonly string[]): string => `__fish_seen_subcommand_from ${list.join(' ')}`;
  const offer = (when: string, word: string, more: string): string =>
    `complete -c ${program} -f -n ${quoted(when)} -a ${word}${more}`;
  const lines = all.flatMap(({ path, summary, options }) => {
    const [first, second] = path.split(' ') as [string, string?];
    const when =
      second === undefined
        ? '__fish_use_subcommand'
        : `${seen([first])}; and not ${seen(words(all).get(first)!)}`;
    const inside = path
      .split(' ')
      .map((word) => seen([word]))
      .join('; and ');
    return [
      offer(when, second ?? first, ` -d ${quoted(summary)}`),
      ...options.map(
        ({ name, description }) =>
          `complete -c ${program} -n ${quoted(inside)} -l ${name.slice(2)} -d ${quoted(description)}`,
      ),
    ];
  });
  const groups = [...words(all)].filter(([, rest]) => rest.length > 0);
  return [...groups.map(([first]) => offer('__fish_use_subcommand', first, '')), ...lines].join('\n');
}

const scripts: Readonly<
  Record<(typeof shells)[number], (program: string, all: readonly CompletedCommand[]) => string>
> = {
  bash,
  zsh,
  fish,
};
