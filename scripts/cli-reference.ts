import { writeFileSync } from 'node:fs';
import type { Command } from '../src/cli/command.ts';
import { type CommandEntry, program as mic } from '../src/cli/commands.ts';
import { exitCodes } from '../src/cli/exit-codes.ts';
import { optionHelp } from '../src/cli/help.ts';
import { program as micFs } from '../src/cli/mic-fs.ts';
import { commonOptions } from '../src/cli/parse-arguments.ts';
import type { Program } from '../src/cli/program.ts';

/** Where the reference of all commands lies. `test/cli/reference.test.ts` holds it to the commands. */
export const referencePage = new URL('../docs/cli.md', import.meta.url);

/** The reference of all commands, as Markdown, from the table that the commands themselves are run from. */
export async function cliReference(): Promise<string> {
  const programs = [mic, micFs];
  const all = programs.flatMap((program) => program.commands.map((entry) => ({ program, entry })));
  const sections = await Promise.all(
    all.map(async ({ program, entry }) => section(program, entry, (await entry.load()).default)),
  );
  const codes = Object.values(exitCodes).map(({ code, meaning }) => [String(code), meaning]);
  return [
    '# Commands',
    '<!-- Written by scripts/cli-reference.ts: run `npm run cli-reference` after a change to a command. -->',
    'What `mic COMMAND --help` and `mic-fs COMMAND --help` say, in one place.',
    table(
      ['command', 'what it does'],
      all.map(({ program, entry: { path, summary } }) => {
        const name = `${program.name} ${path}`;
        return [`[\`${name}\`](#${name.replaceAll(' ', '-')})`, summary];
      }),
    ),
    'Every command takes these options:',
    table(
      ['option', 'meaning'],
      commonOptions.map((option) => [`\`${option.flags}\``, optionHelp(option)]),
    ),
    'And every command ends with one of these exit codes:',
    table(['code', 'meaning'], codes),
    ...sections,
  ]
    .join('\n\n')
    .concat('\n');
}

function section(program: Program, { path, summary }: CommandEntry, command: Command): string {
  const names = (command.arguments ?? []).map(({ name }) => name);
  const inputs = [
    ...(command.arguments ?? []).map(({ name, description }) => [`\`${name}\``, description]),
    ...Object.values(command.options).map((option) => [`\`${option.flags}\``, optionHelp(option)]),
  ];
  const examples = command.examples.map(([line, purpose]) => `# ${purpose}\n${line}`);
  return [
    `## ${program.name} ${path}`,
    (command.description ?? `${summary}.`).replaceAll('\n', ' '),
    `\`\`\`\n${[program.name, path, ...names, '[OPTIONS]'].join(' ')}\n\`\`\``,
    ...(inputs.length === 0 ? [] : [table(['argument', 'meaning'], inputs)]),
    `\`\`\`sh\n${examples.join('\n')}\n\`\`\``,
  ].join('\n\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

if (import.meta.main) writeFileSync(referencePage, await cliReference());
