import { realpathSync, renameSync, symlinkSync } from 'node:fs';
import { dirname, isAbsolute, relative } from 'node:path';
import { pathBytes, type TreePath, textFromPath } from '../../tree/path.ts';
import { diskPath } from '../disk-path.ts';
import { diskStatus } from '../disk-status.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';
import { type FileRecord, readRecord, recordPlace, writeRecord } from './record.ts';
import { isAsRecorded } from './same-content.ts';

/**
 * Has the symlinks that were put into the workspace `to` lead to the main workspace `from`, after either was moved. One that
 * somebody has replaced stays. Throws `provision/record-unreadable` and `workspace/…`.
 */
export function relinkProvisioned(from: string, to: string): 'relinked' | 'unchanged' {
  const [main, workspace] = [realpathSync(from), realpathSync(to)];
  const place = recordPlace(workspace);
  const record = readRecord(place);
  if (record === undefined) return 'unchanged';
  const files = record.files.map((file) => relinked(file, main, workspace));
  const isChanged = files.some((file, i) => file !== record.files[i]);
  if (isChanged || record.from !== main) writeRecord(place, { ...record, from: main, files });
  return isChanged ? 'relinked' : 'unchanged';
}

/** The record of a file, whose symlink has been made anew where it led elsewhere. */
function relinked(file: FileRecord, main: string, workspace: string): FileRecord {
  if (file.kind !== 'symlink' || file.target === undefined) return file;
  const target = targetOf(file.source, file.path, {
    main,
    workspace,
    style: isAbsolute(file.target) ? 'absolute' : 'relative',
  });
  const status = diskStatus(workspace, file.path);
  if (target === file.target || status === undefined || !isAsRecorded(workspace, file, status)) return file;
  const draft = `${file.path}.relinked` as TreePath;
  try {
    symlinkSync(pathBytes(target), diskPath(workspace, draft));
    renameSync(diskPath(workspace, draft), diskPath(workspace, file.path));
  } catch (error) {
    throw workspaceErrorFrom(error, `make the symlink "${textFromPath(file.path)}" anew`);
  }
  return { ...file, target };
}

/** Where a symlink at `path` leads to reach `source`, as a byte string. */
function targetOf(
  source: TreePath,
  path: TreePath,
  place: { readonly main: string; readonly workspace: string; readonly style: 'absolute' | 'relative' },
): string {
  const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
  const absolute = `${bytes(place.main)}/${source}`;
  if (place.style === 'absolute') return absolute;
  return relative(dirname(`${bytes(place.workspace)}/${path}`), absolute);
}
