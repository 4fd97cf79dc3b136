import type { Clock } from '../../base/clock.ts';
import type { Git } from '../../git/git-process.ts';
import type { ObjectId } from '../../git/object-id.ts';
import type { LockOptions } from '../workspace-lock.ts';
import type { ConfLayer } from './conf.ts';
import type { PortRegistry } from './port-registry.ts';
import type { SessionFacts } from './session-values.ts';

/** All that provisioning needs to know. */
export interface ProvisionRequest {
  /** The main workspace, which files are taken from: the top of its repository. */
  readonly from: string;
  /** The session's workspace, which they are put into. */
  readonly to: string;
  /** Configuration files, lowest first: a later one overrules an earlier one. */
  readonly conf: readonly ConfLayer[];
  /** Files that say which commands give secrets. */
  readonly secrets: readonly ConfLayer[];
  /** Where a command for a secret is to be written, as the user knows it; it need not be there. */
  readonly secretsFile: string;
  readonly facts: SessionFacts;
  /** Who the session is among all of this machine, such as the hub's path and the slug. Its ports belong to it. */
  readonly owner: string;
  readonly git: Git;
  readonly ports: PortRegistry;
  readonly clock: Clock;
  readonly lock: LockOptions;
  /** In ms; 30 s unless told otherwise. */
  readonly secretTimeoutMs?: number;
}

/** A session's workspace that nobody has made yet. */
export interface UnmadeWorkspace {
  /** The commit that it will be made from. */
  readonly commit: ObjectId;
  readonly kind: 'clone' | 'worktree';
}

/** The same, where it is only asked what a workspace would get. */
export interface PlanRequest extends ProvisionRequest {
  /** Set where there is none yet. `to` says where it would be then: absolute, without symlinks, and nothing stands there. */
  readonly unmade?: UnmadeWorkspace;
}
