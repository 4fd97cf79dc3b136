import type { Hash } from '../base/hash.ts';
import { type CheckpointOutcome, checkpointSession } from '../session/checkpoint.ts';
import { forkSession } from '../session/fork.ts';
import type { FileChange } from '../session/head.ts';
import {
  abandonSession,
  removeSession,
  requirePresent,
  restoreCheckpoint,
  restoreSession,
} from '../session/keep.ts';
import { unresolvedConflicts } from '../session/landing/conflicts.ts';
import { fileChanges } from '../session/landing/file-changes.ts';
import { landSession, type SessionLanding } from '../session/landing/land-session.ts';
import { requireSession } from '../session/project.ts';
import { finishReconcile, planReconcile } from '../session/reconcile.ts';
import type { Agent, OpenConflict, Session } from '../session/session.ts';
import { finishSync, type PlannedSync, planSync } from '../session/sync.ts';
import type { LeftToDo, WorkspaceSnapshot } from '../session/workspace-port.ts';
import { treeChanges } from '../tree/diff.ts';
import type { OpenProject } from './open-project.ts';
import {
  type PlacedSession,
  type Placing,
  placed,
  placeNewSession,
  placeSession,
  rememberWorkspace,
} from './placement.ts';
import type { OnProgress } from './projects.ts';
import type { AnyWorkspace, WorkspaceChoice, Workspaces } from './workspaces.ts';

/** A session with its files recorded as they are now. */
export interface RecordedSession {
  readonly session: Session;
  readonly workspace: AnyWorkspace | undefined;
  readonly leftBehind: WorkspaceSnapshot['leftBehind'];
}

/** How a session stands: its changes, and what is in the way of its landing. */
export interface SessionStatus extends RecordedSession {
  readonly changes: readonly FileChange[];
  /** Landings since the session's base. */
  readonly behind: number;
  readonly conflicts: readonly OpenConflict[];
}

/** A session as it was read just now, or its id: then it is read first. */
export type GivenSession = Session | Session['id'];

/** The life of sessions with their workspaces. Whatever changes a session first records what its workspace holds. */
export class Sessions {
  readonly #project: OpenProject;
  readonly #workspaces: Workspaces;

  constructor(project: OpenProject, workspaces: Workspaces) {
    this.#project = project;
    this.#workspaces = workspaces;
  }

  /** The session's workspace, made where it has none on this machine. */
  async place(given: GivenSession, choice: WorkspaceChoice, onProgress: OnProgress): Promise<PlacedSession> {
    const session = await this.#read(given);
    const workspace = await this.#workspaces.open(this.#project, session);
    if (workspace !== undefined) return placed(session, workspace);
    return placeSession(this.#placing, session, choice, onProgress);
  }

  /** See `placeNewSession`. */
  placeNew(session: Session, choice: WorkspaceChoice, onProgress: OnProgress): Promise<PlacedSession> {
    return placeNewSession(this.#placing, session, choice, onProgress);
  }

  /** Records the session's files as they are. With a note it is a checkpoint even where nothing has changed. */
  record(given: GivenSession, note = ''): Promise<RecordedSession> {
    return this.#alone(given, (workspace, session) => this.#record(session, workspace, note));
  }

  /**
   * Runs `work` on the session's workspace while no other process does: between the recording of files and its mark in
   * the session, nobody else may see one without the other.
   */
  async #alone<T>(
    given: GivenSession,
    work: (workspace: AnyWorkspace | undefined, session: Session) => Promise<T>,
  ): Promise<T> {
    const session = await this.#read(given);
    const workspace = await this.#workspaces.open(this.#project, session);
    return workspace === undefined
      ? work(undefined, session)
      : workspace.alone(() => work(workspace, session));
  }

  async #record(found: Session, workspace: AnyWorkspace | undefined, note: string): Promise<RecordedSession> {
    let session = found;
    for (;;) {
      const { outcome, ...recorded } = await this.#tryRecord(session, workspace, note);
      if (outcome === 'recorded') return { ...recorded, workspace };
      session = recorded.session;
    }
  }

  /** Records the files of the session as it was last read; `moved` when others have recorded theirs since. */
  async #tryRecord(
    session: Session,
    workspace: AnyWorkspace | undefined,
    note: string,
  ): Promise<CheckpointOutcome & Pick<RecordedSession, 'leftBehind'>> {
    if (workspace === undefined) {
      return { ...(await checkpointSession(this.#project, session, session.tree, note)), leftBehind: [] };
    }
    const before = await workspace.known();
    const { tree, leftBehind } = await workspace.snapshot();
    if (session.landed !== null) return { outcome: 'recorded', session, leftBehind };
    const movedElsewhere = session.tree !== before.agreed && session.tree !== before.recorded;
    const recorded = movedElsewhere
      ? await this.#reconcile(session, workspace, before.agreed, tree)
      : await checkpointSession(this.#project, session, tree, note);
    if (recorded.outcome === 'recorded') await workspace.agree(recorded.session.tree);
    return { ...recorded, leftBehind };
  }

  /** The session was changed where this workspace did not see it: both versions are merged, here and in the session. */
  async #reconcile(
    session: Session,
    workspace: AnyWorkspace,
    agreed: Hash,
    local: Hash,
  ): Promise<CheckpointOutcome> {
    const merged = await planReconcile(this.#project, session, agreed, local);
    await workspace.update(merged.tree);
    const reconciled = await finishReconcile(this.#project, session, merged);
    // What was merged is in the workspace now: the next attempt begins from there.
    if (reconciled.outcome === 'moved') await workspace.agree(session.tree);
    return reconciled;
  }

  /** Records the session's files as a checkpoint. Throws `session/forbidden-move` when it has landed otherwise. */
  async checkpoint(given: GivenSession, note: string): Promise<RecordedSession> {
    const recorded = await this.record(given, note);
    const { session, workspace } = recorded;
    if (session.landed === null) return recorded;
    const tree = (await workspace?.known())?.recorded ?? session.tree;
    return { ...recorded, session: (await checkpointSession(this.#project, session, tree, note)).session };
  }

  async status(given: GivenSession): Promise<SessionStatus> {
    const recorded = await this.record(given);
    const { session } = recorded;
    const { head } = await this.#project.ledger.readHead();
    return {
      ...recorded,
      changes: fileChanges(await treeChanges(this.#project.nodes, session.base.tree, session.tree)),
      behind: session.landed === null ? head.sequence - session.base.sequence : 0,
      conflicts: session.landed === null ? await this.#openConflicts(session) : [],
    };
  }

  /** Lands the session as its files are now. */
  async land(
    given: GivenSession,
    message: string,
  ): Promise<SessionLanding & { leftBehind: WorkspaceSnapshot['leftBehind'] }> {
    const { session, workspace, leftBehind } = await this.record(given);
    const tree = session.landed === null ? session.tree : (await workspace?.known())?.recorded;
    const request = { session, message, ...(tree !== undefined && { tree }) };
    return { ...(await landSession(this.#project, this.#project.landings, request)), leftBehind };
  }

  /** Merges the head into the session and its workspace; undefined when it is up to date. */
  sync(given: GivenSession): Promise<{ session: Session; planned: PlannedSync } | undefined> {
    return this.#alone(given, async (workspace, found) => {
      const { session } = await this.#record(found, workspace, '');
      const planned = await planSync(this.#project, session.id, session.tree);
      if (planned === undefined) return undefined;
      await workspace?.update(planned.tree);
      const synced = await finishSync(this.#project, planned);
      await workspace?.agree(synced.tree);
      return { session: synced, planned };
    });
  }

  /** Gives the session up; its files are recorded and its workspace stays, though nothing is mounted any more. */
  async abandon(
    id: Session['id'],
    author: string,
    why: string,
  ): Promise<{ session: Session; leftToDo: LeftToDo }> {
    const { workspace } = await this.record(id);
    const session = await abandonSession(this.#project, id, author, why);
    return { session, leftToDo: await workspace?.release() };
  }

  /**
   * Takes the session out of sight. What its workspace holds is recorded, and the directory is put aside as it is: no
   * ignored file and no repository inside of it is lost either.
   */
  async remove(
    id: Session['id'],
    author: string,
    keepDays: number,
  ): Promise<RecordedSession & { leftToDo: LeftToDo }> {
    const session = await this.#project.ledger.readSession(id);
    if (session?.removed) {
      await this.#workspaces.finishRemoval(session);
      return { session, workspace: undefined, leftBehind: [], leftToDo: undefined };
    }
    const recorded = await this.record(id);
    const { workspace } = recorded;
    if (workspace !== undefined) await rememberWorkspace(this.#project, recorded.session, workspace);
    const aside = workspace?.asidePath(id) ?? null;
    const removed = await removeSession(this.#project, id, author, keepDays, aside);
    const leftToDo = aside === null ? undefined : await workspace?.putAside(aside);
    return { ...recorded, session: removed, leftToDo };
  }

  /** Brings a removed or abandoned session back, or goes back to a checkpoint; its workspace follows. */
  async restore(
    id: Session['id'],
    author: string,
    checkpoint: number | undefined,
    onProgress: OnProgress,
  ): Promise<PlacedSession> {
    const before = await this.#project.ledger.readSession(id);
    if (before?.removed) await this.#workspaces.bringBack(before);
    const restored = await restoreSession(this.#project, id, author);
    if (checkpoint === undefined) return this.place(restored, {}, onProgress);
    return this.#alone(restored, async (workspace, found) => {
      await this.#record(found, workspace, '');
      const session = await restoreCheckpoint(this.#project, id, checkpoint);
      await workspace?.update(session.tree);
      await workspace?.agree(session.tree);
      return workspace === undefined ? { session, workspace } : placed(session, workspace);
    });
  }

  /** A new session that stands where this one does, files as they are now included. */
  async fork(
    id: Session['id'],
    agent: Agent,
    title: string | undefined,
    place: 'none' | WorkspaceChoice,
    onProgress: OnProgress,
  ): Promise<PlacedSession> {
    const source = await this.record(id);
    const tree = (await source.workspace?.known())?.recorded;
    const session = await forkSession(this.#project, id, { agent, title, tree });
    if (place === 'none') return { session, workspace: undefined };
    return this.placeNew(session, place, onProgress);
  }

  get #placing(): Placing {
    const project = this.#project;
    return { project, openProject: async () => project, workspaces: this.#workspaces };
  }

  #openConflicts(session: Session): Promise<OpenConflict[]> {
    const unsynced = session.conflicts.filter(({ left }) => left === null);
    return unresolvedConflicts(this.#project, session, session.tree).then((open) => [...unsynced, ...open]);
  }

  async #read(given: GivenSession): Promise<Session> {
    const session = typeof given === 'string' ? await requireSession(this.#project, given) : given;
    requirePresent(session);
    return session;
  }
}
