import { MicelioError } from '../base/error.ts';
import { withoutCredentials } from './redaction.ts';

export type GitErrorCode =
  | 'git/missing'
  | 'git/too-old'
  | 'git/failed'
  /** The network is gone, or the remote is, or the connection broke. */
  | 'git/unreachable'
  /** A remote does not let this user in, or not for that. */
  | 'git/unauthorized'
  /** A remote was reached, and said no to a push: a hook, a protected branch, or somebody who was faster. */
  | 'git/push-refused'
  | 'git/not-a-repository'
  | 'git/repository-empty'
  | 'git/revision-unknown'
  | 'git/id-invalid'
  | 'git/object-missing'
  | 'git/object-wrong-type'
  | 'git/object-too-large'
  | 'git/tree-malformed'
  | 'git/tree-too-large'
  | 'git/path-refused'
  | 'git/previous-mismatch'
  | 'git/signature-invalid'
  | 'git/message-invalid'
  | 'git/ref-invalid'
  | 'git/ref-moved';

/** What git was asked and what it said, where an error came out of running it. */
export interface GitFailure {
  /** The arguments, without `git` itself. */
  readonly command: readonly string[];
  /** Undefined where a signal ended git, or where it never ran. */
  readonly exitCode: number | undefined;
  /** The end of what git wrote to its standard error. */
  readonly stderr: string;
}

/** Shows no credentials, whatever it is made of: URLs and git's words may have some in them. */
export class GitError extends MicelioError<GitErrorCode> {
  readonly failure: GitFailure | undefined;

  constructor(code: GitErrorCode, message: string, options: { cause?: unknown; failure?: GitFailure } = {}) {
    super(code, withoutCredentials(message), 'cause' in options ? { cause: options.cause } : undefined);
    this.failure = options.failure && {
      command: options.failure.command.map(withoutCredentials),
      exitCode: options.failure.exitCode,
      stderr: withoutCredentials(options.failure.stderr),
    };
  }
}
