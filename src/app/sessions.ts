import type { Hash } from '../base/hash.ts';
import { type CheckpointOutcome, checkpointSession } from '../session/checkpoint.ts';
import { type ForkRequest, forkSession } from '../session/fork.ts';
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
import type { LeftToDo, WorkspaceKnowledge, WorkspaceSnapshot } from '../session/workspace-port.ts';
import { treeChanges } from '../tree/diff.ts';
import {
  isLeftToOthers,
  projectForWorkspace,
  requireFree,
  returnToMount,
  takeForNewMount,
} from './mount-lease.ts';
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
    if (workspace === undefined) return this.#placeHere(session, choice, onProgress);
    if (workspace.kind === 'checkout' || session.landed !== null) return placed(session, workspace);
    const { lease = 'when-possible' } = choice;
    const now = this.#project.clock.now();
    const next = await returnToMount(session, workspace, lease, now, onProgress);
    if (next === 'as it was') return placed(session, workspace);
    return placed((await this.record(session.id)).session, workspace);
  }

  /** A mount on this machine is of a session that other machines know: so it takes the session's lease at once. */
  async #placeHere(
    session: Session,
    choice: WorkspaceChoice,
    onProgress: OnProgress,
  ): Promise<PlacedSession> {
    if (this.#workspaces.kindFor(session, choice) === 'checkout' || session.landed !== null) {
      return placeSession(this.#placing, session, choice, onProgress);
    }
    const { lease = 'when-possible' } = choice;
    const now = this.#project.clock.now();
    requireFree(session, lease, now);
    const placing = {
      ...this.#placing,
      whenMade: async (made: AnyWorkspace): Promise<void> => {
        if (made.kind === 'mount') await takeForNewMount(session, made, lease, now, onProgress);
      },
    };
    const found = await placeSession(placing, session, choice, onProgress);
    // Somebody may have recorded the session and given it back since it was read.
    if (found.session.tree === session.tree) return found;
    return { ...found, session: (await this.record(session.id)).session };
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
    if (workspace === undefined) return work(undefined, session);
    return workspace.alone(async () => work(workspace, await this.#asOfNow(session, workspace)));
  }

  /** Another process may have recorded the workspace since the session was read: nothing is merged with what is old. */
  async #asOfNow(session: Session, workspace: AnyWorkspace): Promise<Session> {
    return isMovedElsewhere(session, await workspace.known()) ? this.#read(session.id) : session;
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
    const isLanded = session.landed !== null;
    const project = isLanded ? this.#project : projectForWorkspace(this.#project, session, workspace);
    const before = await workspace.known();
    const { tree, leftBehind } = await workspace.snapshot();
    if (isLanded) return { outcome: 'recorded', session, leftBehind };
    const recorded = isMovedElsewhere(session, before)
      ? await this.#reconcile(project, session, workspace, before.agreed, tree)
      : await checkpointSession(project, session, tree, note);
    if (recorded.outcome === 'recorded') await workspace.agree(recorded.session.tree);
    return { ...recorded, leftBehind };
  }

  /** The session was changed where this workspace did not see it: both versions are merged, here and in the session. */
  async #reconcile(
    project: OpenProject,
    session: Session,
    workspace: AnyWorkspace,
    agreed: Hash,
    local: Hash,
  ): Promise<CheckpointOutcome> {
    const merged = await planReconcile(project, session, agreed, local);
    await workspace.update(merged.tree);
    const reconciled = await finishReconcile(project, session, merged);
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
      const project = workspace ? projectForWorkspace(this.#project, session, workspace) : this.#project;
      const synced = await finishSync(project, planned);
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
      const before = (await this.#record(found, workspace, '')).session;
      const project = workspace ? projectForWorkspace(this.#project, before, workspace) : this.#project;
      const session = await restoreCheckpoint(project, id, checkpoint);
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
    const files = await this.#alone(id, (workspace, source) => this.#filesForFork(source, workspace));
    const session = await forkSession(this.#project, id, { agent, title, ...files });
    if (place === 'none') return { session, workspace: undefined };
    return this.placeNew(session, place, onProgress);
  }

  /**
   * What a fork begins with: the session's files as they are here, recorded where they may be. Where they may not, as
   * another machine writes the session or it has landed, they are merged with what was recorded elsewhere.
   */
  async #filesForFork(
    source: Session,
    workspace: AnyWorkspace | undefined,
  ): Promise<Pick<ForkRequest, 'tree' | 'open'>> {
    if (workspace === undefined) return {};
    const before = await workspace.known();
    const moved = source.landed !== null || isLeftToOthers(source, workspace);
    if (!moved) return { tree: (await this.#record(source, workspace, '')).session.tree };
    const { tree } = await workspace.snapshot();
    if (!isMovedElsewhere(source, before)) return { tree };
    return planReconcile(this.#project, source, before.agreed, tree);
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

/** Whether the session's files were recorded where the workspace did not see it. */
function isMovedElsewhere({ tree }: Session, { agreed, recorded }: WorkspaceKnowledge): boolean {
  return tree !== agreed && tree !== recorded;
}
