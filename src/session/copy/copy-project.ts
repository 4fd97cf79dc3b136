import { copyPacks, type PacksCopied } from '../../blob/copy-packs.ts';
import type { ProjectContext } from '../project.ts';
import { copyHead, headOf, requireEarlierHead } from './copied-head.ts';
import { changedSessions, copySessions } from './copied-sessions.ts';
import { type CopiedProjects, CopiedTrees } from './copied-trees.ts';

export interface CopyProjectRequest {
  readonly mode: 'copy' | 'dry run';
  /** From which of the two projects tree nodes are read that both have: the one that answers faster. */
  readonly near: CopiedProjects['near'];
  /** Told how far it is. */
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/** What was copied, or would be; of a dry run without what only a walk through the trees shows. */
export interface ProjectCopied {
  readonly packs: number;
  readonly objects: number;
  /** Bytes of these packs, and of objects that were copied one by one. */
  readonly bytes: number;
  readonly landings: number;
  readonly sessions: number;
  /** Packs that are not as they were written. What is needed was copied out of them. */
  readonly damaged: PacksCopied['damaged'];
}

/**
 * Makes `to` what `from` is: everything that is not there yet, verified, and nothing else. Both may be in use: `to` gets
 * the head and the sessions as they were at some moment while it ran, and everything that these name is there before.
 *
 * 1. It refuses (`project/diverged`) where `to` has a head or a session that `from` never had, which would be lost.
 * 2. Packs, each followed by its index: all of them for a new project, else those of the last day. What is needed of
 *    older ones comes object by object, with the documents that name it.
 * 3. Landings, in their order, as they were landed. At each moment `to` is a project as `from` once was.
 * 4. Sessions; when one names a landing that is newer, landings first.
 *
 * Killed at any point, it leaves a project that is whole, and goes on from there when it is run again. Several at once
 * do the work of one. A session that `from` has forgotten stays in `to`. Throws `project/damaged` as soon as `from`
 * lacks what it needs, and `project/not-found`.
 */
export async function copyProject(
  from: ProjectContext,
  to: ProjectContext,
  { mode, near, onProgress = () => {} }: CopyProjectRequest,
): Promise<ProjectCopied> {
  const projects = { from, to, near };
  const packs: PacksCopied[] = [];
  const theirs = await headOf(to);
  const { head: ours } = await from.ledger.readHead();
  if (theirs !== undefined) await requireEarlierHead(projects, theirs.head, ours);
  const ids = await changedSessions(projects);
  const onPacks = (done: number, total: number): void => onProgress('Copying, packs', done, total);
  // Nobody has collected what is no project yet.
  const which = theirs === undefined ? 'all' : 'new';
  packs.push(await copyPacks(from.blobs, to.blobs, { mode, which, onProgress: onPacks }));
  if (mode === 'dry run') {
    const landings = ours.sequence - (theirs?.head.sequence ?? 0);
    return { ...sum(packs), landings, sessions: ids.length };
  }
  const trees = new CopiedTrees(projects, (copied) => packs.push(copied));
  let [landings, newest] = [0, -1];
  const requireLanding = async (sequence: number): Promise<void> => {
    if (sequence <= newest) return;
    const brought = await copyHead(projects, trees, (done, total) =>
      onProgress('Copying, landings', done, total),
    );
    landings += brought.landings;
    newest = brought.newest;
  };
  await requireLanding(ours.sequence);
  const sessions = await copySessions(projects, trees, ids, requireLanding, (done) =>
    onProgress('Copying, sessions', done, ids.length),
  );
  const { packs: packCount, objects, bytes, damaged } = sum(packs);
  return {
    packs: packCount,
    objects: objects + trees.objects,
    bytes: bytes + trees.bytes,
    landings,
    sessions,
    damaged,
  };
}

function sum(all: readonly PacksCopied[]): PacksCopied {
  const damaged = new Map(all.flatMap((copied) => copied.damaged).map((damage) => [damage.pack, damage]));
  return {
    packs: all.reduce((total, { packs }) => total + packs, 0),
    objects: all.reduce((total, { objects }) => total + objects, 0),
    bytes: all.reduce((total, { bytes }) => total + bytes, 0),
    damaged: [...damaged.values()],
  };
}
