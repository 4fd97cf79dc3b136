import { MicelioError } from '../../base/error.ts';

export type ProvisionErrorCode =
  /** A line of a configuration file is not understood. */
  | 'provision/conf-invalid'
  /** A path leads out of the workspace, or into what is git's or ours. */
  | 'provision/path-refused'
  /** A file that a line needs is not there. */
  | 'provision/source-missing'
  /** A template is not understood, or does what templates may not. */
  | 'provision/template-invalid'
  /** A template uses a variable that there is not, or a secret that no command is known for. */
  | 'provision/variable-undefined'
  /** The command of a secret did not give one. */
  | 'provision/secret-failed'
  /** Git tracks a file of the workspace that would be written. */
  | 'provision/tracked'
  /** Git would track a file of the workspace that would be written. */
  | 'provision/not-ignored'
  /** Two lines cannot both be followed, or something in the workspace is in the way of a directory. */
  | 'provision/in-the-way'
  /** No port is free. */
  | 'provision/no-port'
  /** What was recorded of an earlier run cannot be read. */
  | 'provision/record-unreadable'
  /** There is no workspace here, or it is not known what it is made from. */
  | 'provision/no-workspace'
  /** The disk failed while files were written. All that was made has been taken back. */
  | 'provision/failed';

export class ProvisionError extends MicelioError<ProvisionErrorCode> {}

/** A line of a configuration file. */
export interface ConfPlace {
  /** The file's name as the user knows it. */
  readonly file: string;
  /** From 1; 0 for the file as a whole. */
  readonly line: number;
}

/** `_config/untracked-files.conf, line 3`. */
export function placeText({ file, line }: ConfPlace): string {
  return line === 0 ? file : `${file}, line ${line}`;
}

/** Throws all of `problems` as one error, with the code of the first; does nothing where there are none. */
export function throwProblems(problems: readonly ProvisionError[]): void {
  const [first] = problems;
  if (first === undefined) return;
  if (problems.length === 1) throw first;
  throw new ProvisionError(
    first.code,
    `${problems.length} things are wrong. No untracked file was written.\n${problems.map(({ message }) => `- ${message}`).join('\n')}`,
    { cause: first },
  );
}
