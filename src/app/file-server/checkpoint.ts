import type { FileOwner, FileServer } from '../../workspace/mount/file-server-port.ts';
import { Mounter } from '../../workspace/mount/mounter.ts';
import { Sessions } from '../sessions.ts';
import { Workspaces } from '../workspaces.ts';
import type { ExportRecord } from './export-record.ts';
import type { Log } from './log.ts';
import type { Stores } from './stores.ts';

export interface CheckpointSurroundings {
  readonly files: FileServer;
  readonly stores: Stores;
  readonly log: Log;
  readonly uid: number;
  readonly platform: NodeJS.Platform;
}

/**
 * Records sessions as "mic session checkpoint" does, one after the other. One that cannot be recorded now, or would not
 * be, loses nothing: its changes are kept where they are, and the log says why.
 */
export async function checkpointOpenSessions(
  records: readonly ExportRecord[],
  { files, stores, log, uid, platform }: CheckpointSurroundings,
): Promise<void> {
  const mounter = new Mounter({ platform, uid, mountWith: [] });
  for (const record of records) {
    if (record.kind !== 'session') continue;
    const { store, session, owner, directory } = record;
    try {
      const project = await stores.project(store, record.project);
      const workspaces = new Workspaces({
        root: directory,
        store,
        here: undefined,
        owner: owner satisfies FileOwner,
        mounts: async () => ({ server: files, mounter }),
      });
      await new Sessions(project, workspaces).record(session);
    } catch (error) {
      log.failed(`recording ${session}`, error);
    }
  }
}
