import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { FileSystem, Time } from '../../vfs/file-system.ts';
import { openSessionFileSystem, type SessionFileSystem } from '../../vfs/session-file-system.ts';
import { openTreeFileSystem } from '../../vfs/tree-file-system.ts';
import { writeMountMarker } from '../../workspace/mount/mount-marker.ts';
import type { OpenProject } from '../open-project.ts';
import type { ExportRecord, SessionExport } from './export-record.ts';
import { LeasedFileSystem } from './leased-file-system.ts';
import type { SessionLeases } from './session-leases.ts';
import type { Stores } from './stores.ts';

/** What is behind an export, open. */
export type OpenedExport =
  | {
      readonly kind: 'session';
      /** What clients get. */
      readonly fileSystem: FileSystem;
      /** The same without regard to its lease: for whoever records it. */
      readonly session: SessionFileSystem;
      readonly close: () => Promise<void>;
    }
  | { readonly kind: 'tree'; readonly fileSystem: FileSystem; readonly close: () => Promise<void> };

/** What file systems are opened with. */
export interface ExportSurroundings {
  readonly stores: Stores;
  readonly leases: SessionLeases;
  /** The directory that holds what was changed in an export. */
  readonly directoryOf: (record: ExportRecord) => string;
  readonly clock: Clock;
  readonly random: Random;
  /** Names the time since the machine was started. */
  readonly boot: string;
}

/** Opens the file system of an export. In that of a session stands the marker of a workspace. */
export async function openExport(
  record: ExportRecord,
  surroundings: ExportSurroundings,
): Promise<OpenedExport> {
  const { stores, leases, directoryOf, clock, random, boot } = surroundings;
  const project = await stores.project(record.store, record.project);
  // A session's document says where its trees begin, and the head where its own does. Otherwise the indexes tell.
  if (!project.nodes.isAtHand(record.tree)) await readWhatNames(record, project).catch(() => undefined);
  const content = stores.content(project);
  const owner = { ...record.owner, time: timeOf(record) };
  if (record.kind === 'tree') {
    const fileSystem = await openTreeFileSystem({ content, tree: record.tree, owner });
    return { kind: 'tree', fileSystem, close: async () => {} };
  }
  const session = await openSessionFileSystem({
    directory: join(directoryOf(record), 'files'),
    content,
    base: record.tree,
    ...{ owner, clock, random, boot },
  });
  const lease = leases.of(record);
  lease.noteOpened(session.volume.changed.isIncomplete);
  await mark(session, record);
  const fileSystem = new LeasedFileSystem(session, lease);
  return { kind: 'session', fileSystem, session, close: () => session.close() };
}

function readWhatNames(record: ExportRecord, { ledger }: OpenProject): Promise<unknown> {
  return record.kind === 'session' ? ledger.readSession(record.session) : ledger.readHead();
}

function mark(fileSystem: SessionFileSystem, record: SessionExport): Promise<void> {
  const { owner, store, project, session, tree } = record;
  const caller = { ...owner, groups: [] };
  return writeMountMarker(fileSystem, caller, { kind: 'mount', tree, session: { store, project, session } });
}

function timeOf({ startedMs }: ExportRecord): Time {
  const seconds = Math.floor(startedMs / 1000);
  return { seconds, nanoseconds: Math.floor(startedMs - seconds * 1000) * 1_000_000 };
}
