import { unaskedNote } from '../../session/checkpoint.ts';
import type { FileOwner, FileServer } from '../../workspace/mount/file-server-port.ts';
import { Mounter } from '../../workspace/mount/mounter.ts';
import { Sessions } from '../sessions.ts';
import { Workspaces } from '../workspaces.ts';
import type { ExportRecord } from './export-record.ts';
import type { Log } from './log.ts';
import type { SessionLeases } from './session-leases.ts';
import type { Stores } from './stores.ts';

/** `unasked`: nobody has said that this is a state to come back to. */
export type RecordingReason = 'asked' | 'unasked';

export interface RecordingSurroundings {
  readonly files: FileServer;
  readonly stores: Stores;
  readonly leases: SessionLeases;
  readonly log: Log;
  readonly uid: number;
  readonly platform: NodeJS.Platform;
}

/**
 * Records sessions as "mic session checkpoint" does, one after the other. One that cannot be recorded now, or would not
 * be, loses nothing: its changes are kept where they are, and the log says why.
 */
export async function recordSessions(
  records: readonly ExportRecord[],
  why: RecordingReason,
  { files, stores, leases, log, uid, platform }: RecordingSurroundings,
): Promise<void> {
  const mounter = new Mounter({ platform, uid, mountWith: [] });
  for (const record of records) {
    if (record.kind !== 'session') continue;
    const { store, session, owner, directory } = record;
    try {
      const project = await stores.project(store, record.project);
      // Nothing can be recorded in a session that has landed: what it is changed into afterwards is kept for a fork.
      const found = why === 'unasked' ? await project.ledger.readSession(session) : undefined;
      if (found?.landed != null) {
        leases.of(record).leaveUnrecorded();
        continue;
      }
      const workspaces = new Workspaces({
        root: directory,
        store,
        here: undefined,
        owner: owner satisfies FileOwner,
        mounts: async () => ({ server: files, mounter }),
        mayHaveMounts: () => true,
      });
      await new Sessions(project, workspaces).record(found ?? session, why === 'asked' ? '' : unaskedNote);
      leases.of(record).noteRecorded();
    } catch (error) {
      log.failed(`recording ${session}`, error);
    }
  }
}
