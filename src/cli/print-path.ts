import { CliError } from './cli-error.ts';
import type { Answer } from './command.ts';
import { flag } from './options.ts';

/**
 * For a shell that goes to the workspace which a command makes. In `cd "$(mic … --print-path)"` it would stay where it is and
 * go on where the command fails, so that is not what is shown.
 */
export const printPathOption = flag(
  '--print-path',
  'print the directory of its workspace and nothing else, to go there: dir=$(…) && cd "$dir"',
);

/** What is printed of a session that got its workspace: all that is worth knowing, or its directory alone. */
export type PrintedAs = 'all' | 'path';

/** What the options say. Throws `cli/usage` where there is to be no workspace. */
export function printedAs({
  printPath,
  workspace,
}: {
  printPath: boolean;
  workspace: string | undefined;
}): PrintedAs {
  if (printPath && workspace === 'none')
    throw new CliError('cli/usage', '--print-path needs a workspace: leave --workspace=none away.');
  return printPath ? 'path' : 'all';
}

/** The answer with its text as it is to be printed. */
export function printed(answer: Answer, directory: string | undefined, as: PrintedAs): Answer {
  if (as === 'all' || directory === undefined) return answer;
  return { ...answer, text: answer.exit === 'notMounted' ? '' : directory };
}
