import { MicelioError } from '../../base/error.ts';

export type HubErrorCode =
  /** This machine does not hold the claim of the session. */
  | 'session/not-held'
  /** The workspace has changes that are not committed. */
  | 'session/uncommitted'
  /** The plan's criteria are not all met. */
  | 'session/criteria-open'
  /** Commits of the session break the rules of the project. */
  | 'session/rules-broken'
  /** The project's own check of the merged result failed. */
  | 'session/verify-failed'
  /** Nothing matches what was asked for. */
  | 'session/none-to-claim'
  /** Main moved all the time while a landing was prepared. */
  | 'session/main-busy'
  /** The session is claimed, and got no workspace. */
  | 'session/not-placed'
  /** The repository that was named is not the one that the session is of. */
  | 'session/other-repository'
  /** The plan does not say what the session is for. */
  | 'session/plan-incomplete'
  /** A file of the session was edited in a checkout of main, and changed on main by somebody else. */
  | 'session/edited-apart'
  /** The plan has no such line. */
  | 'session/entry-unknown'
  /** The session has no workspace on this machine. */
  | 'session/no-workspace'
  /** The session's workspace is not where it was, or git does not find it there. */
  | 'session/workspace-lost'
  /** The hub keeps nothing of the session. */
  | 'session/nothing-kept'
  /** What is kept of the session is needed. */
  | 'session/at-work';

export class HubError extends MicelioError<HubErrorCode> {}
