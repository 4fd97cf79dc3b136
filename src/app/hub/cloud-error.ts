import { MicelioError } from '../../base/error.ts';

export type CloudErrorCode =
  /** The hub has no remote of that name. */
  | 'hub/no-remote'
  /** A URL or the repository's configuration has a password or token in it. */
  | 'hub/credentials-exposed'
  /** The network is gone, or the remote is. */
  | 'hub/unreachable'
  /** The remote said no: a hook, a protected branch. */
  | 'hub/refused'
  /** Both sides have changed the same. */
  | 'hub/conflict'
  /** Both mains have commits of their own, and nobody has asked to put one on top of the other. */
  | 'hub/come-apart'
  /** The remote has commits that the one who decides has not. */
  | 'hub/decided-elsewhere'
  /** The hub's main and the remote's have nothing in common. */
  | 'hub/unrelated'
  /** There are merges among the commits that are to be rebased. */
  | 'hub/has-merges'
  /** Others were faster, time and again. */
  | 'hub/busy';

export class CloudError extends MicelioError<CloudErrorCode> {}
