import type { Configuration, Environment } from '../app/configuration.ts';
import type { Micelio } from '../app/micelio.ts';
import type { StoreRequests } from '../app/store-requests.ts';
import type { ExitCode } from './exit-codes.ts';
import type { OptionTable, OptionValues } from './options.ts';
import type { Progress } from './progress.ts';

/** What a command runs with. */
export interface CommandContext {
  readonly configuration: Configuration;
  readonly environment: Environment;
  /** The projects of the store, which is opened when this is first called: what is about a git repository does without. */
  readonly openMicelio: () => Promise<Micelio>;
  /** Counts what is sent to remote stores: also of those that the command opens itself. */
  readonly requests: StoreRequests;
  /** The directory that the command was called in, absolute. */
  readonly directory: string;
  readonly progress: Progress;
  /** What was given to the command on standard input, if it asks for it. */
  readonly readInput: () => Promise<string>;
  /** Prints something before the command has ended. */
  readonly announce: (answer: Answer) => void;
}

/** What a command has to say, for people and for programs. */
export interface Answer {
  /** Printed with `--json`, as one document; undefined where everything has been said. */
  readonly json: unknown;
  /** `line`: the document is one line of several. */
  readonly form?: 'line';
  /** Printed otherwise; ends without a newline, and may be empty. */
  readonly text: string | Uint8Array;
  /** Printed on standard error in either case: what is worth knowing and no result. */
  readonly notes?: readonly string[];
  /** `ok` unless told otherwise. */
  readonly exit?: ExitCode;
}

/** A command of a program. In `mic`, its path in this folder is its name: `session/start.ts` is `mic session start`. */
export interface Command<Options extends OptionTable = OptionTable> {
  /** One line, for lists of commands. */
  readonly summary: string;
  /** What the command promises, for its own help. */
  readonly description?: string;
  /** Positional arguments, as commander writes them: `<id>`, `[path]`, `[paths...]`. */
  readonly arguments?: readonly { readonly name: string; readonly description: string }[];
  readonly options: Options;
  /** Command lines as a user would type them, and what each is good for. */
  readonly examples: readonly (readonly [line: string, purpose: string])[];
  readonly run: (
    context: CommandContext,
    args: readonly (string | undefined)[],
    options: OptionValues<Options>,
  ) => Promise<Answer>;
}

/** Declares a command. Its own options are checked here; who loads commands from a table knows them no more. */
export function command<Options extends OptionTable>(definition: Command<Options>): Command {
  return definition as unknown as Command;
}
