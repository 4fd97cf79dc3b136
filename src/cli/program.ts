import type { CommandEntry } from './commands.ts';

/** A program of this package: a name, and commands behind it. */
export interface Program {
  readonly name: string;
  /** What it is for, for its help. */
  readonly introduction: string;
  /** All its commands, in the order in which help shows them. */
  readonly commands: readonly CommandEntry[];
}
