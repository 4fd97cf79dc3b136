import type { Command } from './command.ts';
import type { CommandEntry } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { commonOptions } from './parse-arguments.ts';
import type { Program } from './program.ts';

/** The commands of a group, or all of them. */
export function groupHelp({ name, introduction, commands }: Program, group: string | undefined): string {
  const shown = commands.filter(({ path }) => group === undefined || path.startsWith(`${group} `));
  const rows = shown.map(({ path, summary }): [string, string] => [`${name} ${path}`, summary]);
  const head =
    group === undefined
      ? `${introduction}\n\nUsage: ${name} COMMAND [OPTIONS]`
      : `Usage: ${name} ${group} COMMAND [OPTIONS]`;
  const tail =
    group === undefined
      ? `\n\n${exitCodeHelp()}\n\nMore: ${name} COMMAND --help`
      : `\n\nMore: ${name} ${group} COMMAND --help`;
  return `${head}\n\nCommands:\n${table(rows)}${tail}`;
}

/** The help of one command. */
export function commandHelp(program: Program, entry: CommandEntry, command: Command): string {
  const names = (command.arguments ?? []).map(({ name }) => name);
  const parts = [
    `Usage: ${[program.name, entry.path, ...names, '[OPTIONS]'].join(' ')}`,
    `${command.description ?? command.summary}`,
  ];
  const args = (command.arguments ?? []).map(({ name, description }): [string, string] => [
    name,
    description,
  ]);
  if (args.length > 0) parts.push(`Arguments:\n${table(args)}`);
  const options = [...Object.values(command.options), ...commonOptions];
  parts.push(
    `Options:\n${table(options.map((option): [string, string] => [option.flags, optionHelp(option)]))}`,
  );
  parts.push(
    `Examples:\n${command.examples.map(([line, purpose]) => `  # ${purpose}\n  ${line}`).join('\n')}`,
  );
  parts.push(exitCodeHelp());
  return parts.join('\n\n');
}

/** What an option is for, and what it may be. */
export function optionHelp(option: {
  readonly description: string;
  readonly kind?: string;
  readonly words?: readonly string[];
  readonly fallback?: string | undefined;
}): string {
  if (option.words !== undefined) {
    const words = `${option.description}: ${option.words.join(', ')}`;
    return option.fallback === undefined ? words : `${words} (${option.fallback})`;
  }
  return option.kind === 'required' ? `${option.description} (required)` : option.description;
}

function exitCodeHelp(): string {
  return `Exit codes:\n${table(Object.values(exitCodes).map(({ code, meaning }): [string, string] => [String(code), meaning]))}`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}
