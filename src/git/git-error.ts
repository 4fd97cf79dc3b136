import { MicelioError } from '../base/error.ts';
import { type SystemTrouble, systemTrouble } from '../base/system-error.ts';
import { withoutCredentials } from './redaction.ts';

export type GitErrorCode =
  | 'git/missing'
  | 'git/too-old'
  | 'git/failed'
  /** The disk is full. */
  | 'git/disk-full'
  /** The operating system does not allow it. */
  | 'git/denied'
  /** The operating system failed in another way. */
  | 'git/disk'
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

export const codeOfTrouble = {
  full: 'git/disk-full',
  denied: 'git/denied',
  failed: 'git/disk',
} as const satisfies Record<SystemTrouble['kind'], GitErrorCode>;

/**
 * Does `work`, and says in words what an error of the operating system means to someone who could not `action` ("lock the
 * index"). Other errors go through as they are.
 */
export async function naming<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const trouble = systemTrouble(error);
    if (trouble === undefined) throw error;
    throw new GitError(codeOfTrouble[trouble.kind], `Cannot ${action}: ${trouble.words}.`, { cause: error });
  }
}
