import { Command as Commander, CommanderError, Option as CommanderOption } from 'commander';
import { CliError } from './cli-error.ts';
import type { Command } from './command.ts';
import type { CommandEntry } from './commands.ts';
import type { Option } from './options.ts';
import type { Program } from './program.ts';

/** The options that every command has. */
export const commonOptions = [
  { flags: '--json', description: 'print one JSON document instead of text' },
  {
    flags: '--store <location>',
    description: 'the store to use: a directory or an s3:// URL (otherwise $MICELIO_STORE)',
  },
] as const;

/** What a command line says. */
export interface ParsedArguments {
  readonly args: readonly (string | undefined)[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly store: string | undefined;
}

/** Parses what comes behind a command's name; throws `cli/usage`. */
export function parseArguments(
  program: Program,
  entry: CommandEntry,
  command: Command,
  argv: readonly string[],
): ParsedArguments {
  const parser = new Commander(entry.path)
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .helpOption(false)
    .allowExcessArguments(false);
  for (const { name, description } of command.arguments ?? []) parser.argument(name, description);
  for (const { flags, description } of commonOptions) parser.option(flags, description);
  for (const option of Object.values(command.options)) parser.addOption(commanderOption(option));
  try {
    parser.parse([...argv], { from: 'user' });
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    const reason = cause.message.replace(/^error: /, '').replace(/\.$/, '');
    throw new CliError('cli/usage', `${capitalized(reason)}. See "${program.name} ${entry.path} --help".`, {
      cause,
    });
  }
  const values = parser.opts();
  return {
    args: parser.processedArgs,
    options: Object.fromEntries(
      Object.entries(command.options).map(([name, option]) => [name, parsedValue(option, values)]),
    ),
    store: values.store as string | undefined,
  };
}

function commanderOption(option: Option): CommanderOption {
  const made = new CommanderOption(option.flags, option.description);
  switch (option.kind) {
    case 'required':
      return made.makeOptionMandatory();
    case 'list':
      return made.argParser((value: string, earlier: string[] | undefined) => [...(earlier ?? []), value]);
    case 'number':
      return made.argParser((value: string) => wholeNumber(option.flags, value));
    case 'choice':
      made.choices([...option.words]);
      return option.fallback === undefined ? made : made.default(option.fallback);
    case 'flag':
    case 'text':
      return made;
  }
}

function parsedValue(option: Option, values: Readonly<Record<string, unknown>>): unknown {
  const value = values[new CommanderOption(option.flags, '').attributeName()];
  if (option.kind === 'flag') return value === true;
  return option.kind === 'list' ? (value ?? []) : value;
}

function wholeNumber(flags: string, value: string): number {
  if (!/^\d{1,15}$/.test(value))
    throw new CliError('cli/usage', `"${value}" is no whole number, which ${flags} needs.`);
  return Number(value);
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
