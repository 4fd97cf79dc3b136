import type { Hash } from '../../base/hash.ts';
import { readWholeFile } from '../../blob/file.ts';
import type { Entry, FileEntry } from '../../tree/entry.ts';
import { lookup } from '../../tree/lookup.ts';
import { type TreePath, textFromPath } from '../../tree/path.ts';
import type { ProjectContext } from '../project.ts';
import type { OpenConflict, Session } from '../session.ts';
import { SessionError } from '../session-error.ts';
import type { SessionId } from '../session-id.ts';

/** Files above this size, in bytes, are never given markers, and not searched for them. */
const markedFileBytesMax = 64 * 1024 * 1024;

/** An entry in a word, to tell whether it has changed. */
export function entryText(entry: Entry | undefined): string {
  if (entry === undefined) return 'nothing';
  switch (entry.type) {
    case 'file':
      return `file ${entry.hash} ${entry.mode.toString(8)}`;
    case 'symlink':
      return `symlink ${entry.hash}`;
    case 'gitlink':
      return `gitlink ${entry.commit}`;
    case 'directory':
      return 'directory';
  }
}

/**
 * The conflicts that nobody has resolved in `tree`. A conflict that `sync` has brought into the files is resolved once
 * something of what `sync` left there has changed and no conflict markers are left, or once somebody says so. One that
 * was not synced is not among them: landing meets it again by itself.
 */
export async function unresolvedConflicts(
  project: ProjectContext,
  session: Session,
  tree: Hash,
): Promise<OpenConflict[]> {
  const open: OpenConflict[] = [];
  for (const conflict of session.conflicts) {
    if (!conflict.resolved && conflict.left !== null && !(await isEdited(project, tree, conflict.left)))
      open.push(conflict);
  }
  return open;
}

async function isEdited(
  project: ProjectContext,
  tree: Hash,
  left: readonly { readonly path: string; readonly entry: string }[],
): Promise<boolean> {
  let edited = false;
  for (const { path, entry: before } of left) {
    const entry = await lookup(project.nodes, tree, path as TreePath);
    if (entry?.type === 'file' && (await hasMarkers(project, entry))) return false;
    edited ||= entryText(entry) !== before;
  }
  return edited;
}

/** Takes somebody's word that `paths` are right as they are. Throws `session/invalid` for one without a conflict. */
export function resolveConflicts(
  project: ProjectContext,
  id: SessionId,
  paths: readonly string[],
): Promise<Session> {
  return project.ledger.updateSession(id, (session) => {
    const known = new Set(session.conflicts.map(({ path }) => path));
    for (const path of paths) {
      if (!known.has(path)) {
        throw new SessionError(
          'session/invalid',
          `"${textFromPath(path)}" has no conflict. "mic session status ${id}" lists those that are open.`,
        );
      }
    }
    const conflicts = session.conflicts.map((conflict) =>
      paths.includes(conflict.path) ? { ...conflict, resolved: true } : conflict,
    );
    return { ...session, conflicts, updatedMs: project.clock.now() };
  });
}

async function hasMarkers(project: ProjectContext, file: FileEntry): Promise<boolean> {
  if (file.size > markedFileBytesMax) return false;
  const text = (await readWholeFile(project.blobs, file)).toString('latin1');
  return /^<{7} /m.test(text) && /^>{7} /m.test(text);
}
