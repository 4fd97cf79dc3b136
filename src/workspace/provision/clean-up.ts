import type { TreePath } from '../../tree/path.ts';
import { removeEmptyDirectory } from '../checkout/safe-removal.ts';
import { diskStatus } from '../disk-status.ts';
import type { Places } from './layout.ts';
import { hasKnownContent, isUntouched, realStatus } from './plan.ts';
import { isReserved } from './provision-path.ts';
import {
  type FileRecord,
  type Making,
  type ProvisionRecord,
  type RecordPlace,
  removeRecord,
} from './record.ts';
import { removeProvisioned } from './write-files.ts';

export interface CleanUpResult {
  readonly removed: readonly TreePath[];
  /** What was provisioned and stays, since somebody has edited it. */
  readonly kept: readonly TreePath[];
}

/**
 * Takes out of a workspace what was provisioned into it and has not been edited, and the directories that were made
 * for that, where nothing else is in them; then forgets that anything was.
 */
export function removeRecorded(
  places: Places,
  record: ProvisionRecord,
  recordPlace: RecordPlace,
): CleanUpResult {
  const removed: TreePath[] = [];
  const kept: TreePath[] = [];
  const recorded = new Set(record.files.map(({ path }) => path));
  const interrupted = record.pending.filter(({ path }) => !recorded.has(path));
  for (const file of [...record.files, ...interrupted]) {
    const status = isReserved(file.path) ? undefined : realStatus(places.to, file.path);
    if (status === undefined) continue;
    const isOurs = isRecord(file) ? isUntouched(places, file, status) : hasKnownContent(places, file, status);
    if (isOurs) removeProvisioned(places.to, file.path);
    (isOurs ? removed : kept).push(file.path);
  }
  for (const directory of [...record.directories].sort().reverse()) {
    if (isReserved(directory) || realStatus(places.to, directory)?.isDirectory() !== true) continue;
    if (diskStatus(places.to, directory) !== undefined) removeEmptyDirectory(places.to, directory);
  }
  removeRecord(recordPlace);
  return { removed, kept };
}

function isRecord(file: Making | FileRecord): file is FileRecord {
  return 'ctimeMs' in file;
}
