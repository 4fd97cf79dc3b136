import { hasCode } from '../../base/error.ts';
import type { Hash } from '../../base/hash.ts';
import type { WorkspaceSnapshot } from '../../session/workspace-port.ts';
import { editTree } from '../../tree/edit.ts';
import { NodeTransaction } from '../../tree/node-store.ts';
import { everChanged, recordedTree, setRecordedTree, takeChanges } from '../../vfs/recording/changes.ts';
import type { SessionFileSystem } from '../../vfs/session-file-system.ts';
import type { ProjectContent } from '../project-content.ts';
import { CaptureMemory } from './capture-memory.ts';
import { CaptureWalk } from './capture-walk.ts';

/**
 * Records the files of a session's file system as they are now, as a tree in the project's store: what a checkout with
 * the same files would record. Looks only at directories in which something changed since the last time, and reads only
 * files that did. Files may go on changing meanwhile; each is recorded as it was at one moment.
 * Throws `workspace/unsteady` for one that never holds still.
 */
export async function captureTree(
  fileSystem: SessionFileSystem,
  content: ProjectContent,
): Promise<WorkspaceSnapshot> {
  const { volume } = fileSystem;
  const recorded = recordedTree(volume);
  try {
    return await captureSince(fileSystem, content, recorded);
  } catch (error) {
    if (!hasCode(error, 'blob/not-found') || recorded === volume.base.root) throw error;
  }
  // What was captured last was never the session's, and has been collected since: what differs from the base is recorded.
  volume.changed.putBack(await everChanged(volume));
  return captureSince(fileSystem, content, volume.base.root);
}

/** Records the files as what has changed since they were `recorded`. */
async function captureSince(
  fileSystem: SessionFileSystem,
  content: ProjectContent,
  recorded: Hash,
): Promise<WorkspaceSnapshot> {
  const { volume } = fileSystem;
  const memory = CaptureMemory.read(volume);
  const changes = await takeChanges(volume);
  try {
    const batch = await content.blobs.openBatch();
    const walk = new CaptureWalk({ volume, content, batch, changes, memory, recorded });
    if (!(await walk.run())) return { tree: recorded, leftBehind: memory.leftBehind() };
    const edits = walk.edits();
    const tree =
      edits.length === 0
        ? recorded
        : await editTree(new NodeTransaction(content.nodes, batch), recorded, edits);
    await batch.flush();
    // The store has everything: what was looked at need not be looked at again.
    walk.markRecorded();
    memory.write(volume);
    setRecordedTree(volume, tree);
    fileSystem.flush();
    return { tree, leftBehind: memory.leftBehind() };
  } catch (error) {
    volume.changed.putBack(changes);
    throw error;
  }
}
