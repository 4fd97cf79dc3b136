import type { PlacedSession } from '../app/placement.ts';
import type { Conflict } from '../merge/conflict.ts';
import type { OpenConflict, Session } from '../session/session.ts';
import type { LeftToDo } from '../session/workspace-port.ts';
import { textFromPath } from '../tree/path.ts';
import type { Answer } from './command.ts';
import { mountNotes, notMounted, workspaceJson } from './describe-workspace.ts';

/** What `--json` prints. */
type JsonObject = Readonly<Record<string, unknown>>;

/** A session as `--json` prints it, without its record. */
export function sessionJson(session: Session): JsonObject {
  const { id, project, title, goal, description, state, agent, base, tree, createdMs, updatedMs } = session;
  return {
    sessionId: id,
    project,
    title,
    goal,
    description,
    state,
    landed: session.landed?.sequence ?? null,
    agent,
    baseTree: `sha256:${base.tree}`,
    baseSequence: base.sequence,
    tree: `sha256:${tree}`,
    createdMs,
    updatedMs,
    forkedFrom: session.forkedFrom,
    workspace:
      session.workspace?.kind === 'mount' ? session.workspace : (session.workspace?.directory ?? null),
    removed: session.removed,
  };
}

/** What `start`, `fork` and `restore` say of the session that they leave. */
export function placedAnswer(placed: PlacedSession): Answer {
  const { session, workspace } = placed;
  const lines = [`Session ID: ${session.id}`];
  if (workspace !== undefined) lines.push(`Workspace:  ${workspace.directory}`);
  lines.push(`Base Tree:  sha256:${session.base.tree}`);
  const json = sessionJson(session);
  return {
    json: workspace === undefined ? json : { ...json, workspace: workspaceJson(placed) },
    text: lines.join('\n'),
    notes: mountNotes(placed),
    exit: notMounted(placed) ? 'notMounted' : 'ok',
  };
}

/** What somebody else has to do, where this process may not. */
export function leftToDoNotes(leftToDo: LeftToDo): readonly string[] {
  return leftToDo === undefined ? [] : [`It is still mounted. Type: ${leftToDo}`];
}

/** How a session is called in a list: how it ended, where it has. */
export function stateWord({ state, landed, removed }: Session): string {
  if (removed !== null) return 'removed';
  return landed === null ? state : `landed ${landed.sequence}`;
}

/** A conflict with its versions and hunks, as `--json` prints it. */
export function conflictJson({ kind, path, versions, hunks, proposed }: Conflict) {
  const version = (of: Conflict['versions']['base']) =>
    of === undefined ? null : { path: textFromPath(of.path), ...of.leaf };
  return {
    kind,
    path: textFromPath(path),
    versions: {
      base: version(versions.base),
      head: version(versions.ours),
      session: version(versions.theirs),
    },
    hunks,
    proposed: proposed.map(textFromPath),
  };
}

export function conflictLine({ kind, path }: Pick<Conflict | OpenConflict, 'kind' | 'path'>): string {
  return `  ${textFromPath(path)}  (${kind})`;
}
