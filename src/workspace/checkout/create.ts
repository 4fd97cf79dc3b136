import { lstatSync, mkdirSync, readdirSync, rmdirSync, rmSync, type Stats } from 'node:fs';
import { resolve } from 'node:path';
import type { Hash } from '../../base/hash.ts';
import { systemCode } from '../../base/system-error.ts';
import type { Entry } from '../../tree/entry.ts';
import { listAll } from '../../tree/lookup.ts';
import { baseName, type FileName, isTreePath, type TreePath, textFromPath } from '../../tree/path.ts';
import { markerName } from '../marker-name.ts';
import type { ProjectContent } from '../project-content.ts';
import { isGitName, isMarkerName } from '../walk.ts';
import { WorkspaceError, workspaceErrorFrom } from '../workspace-error.ts';
import { type LockOptions, withWorkspaceLock } from '../workspace-lock.ts';
import { cloneFiles, reflink } from './clone-files.ts';
import { statusInto, statusNumbers } from './frame-writer.ts';
import { clearIntent, readIntent, writeIntent } from './journal.ts';
import { Marker } from './marker.ts';
import { isRacy, type Row, rowKind, rowOf } from './row.ts';
import { removeEntries } from './safe-removal.ts';
import { fileSystemNow, stateOfRows, writeState } from './state-file.ts';
import { FileWriter, finishDirectory, makeDirectory, type NewFile, writeFiles } from './tree-writer.ts';

export interface CreateOptions {
  readonly lock: LockOptions;
  /** What `findWorkspace` shall find: any JSON value. */
  readonly session: unknown;
  /** Another checkout of the project, whose unchanged files are cloned where the disk can share blocks. */
  readonly reflinkFrom: string | undefined;
  readonly onProgress: (progress: CreateProgress) => void;
}

export interface CreateProgress {
  readonly files: number;
  readonly filesTotal: number;
}

interface TreeItem {
  readonly path: TreePath;
  readonly entry: Entry;
}

/**
 * Makes the files of `tree` in a directory that is new or empty, and what makes it a checkout. Killed on the way, it
 * leaves no checkout, and the next call for the same directory begins anew. An error leaves what was there before.
 */
export async function materialise(
  content: ProjectContent,
  directory: string,
  tree: Hash,
  options: CreateOptions,
): Promise<string> {
  const root = resolve(directory);
  const marker = new Marker(root);
  const isNew = prepare(root, marker);
  await withWorkspaceLock(marker.lockFile, options.lock, async () => {
    await clearUnfinished(content, root, marker);
    let items: TreeItem[] = [];
    try {
      items = await itemsOf(content, tree);
      writeIntent(marker, { kind: 'create', tree });
      await write(content, root, marker, tree, items, options);
    } catch (error) {
      undo(root, marker, items, isNew);
      throw error;
    }
    marker.writeOwner({ kind: 'checkout', tree, session: options.session });
    clearIntent(marker);
  });
  return root;
}

/** Removes what was made before an error. What cannot be removed stays marked as unfinished. */
function undo(root: string, marker: Marker, items: readonly TreeItem[], isNew: boolean): void {
  try {
    removeEntries(root, items);
    rmSync(marker.directory, { recursive: true, force: true });
    if (isNew && readdirSync(root).length === 0) rmdirSync(root);
  } catch (error) {
    // The error that led here is the one to be told; the next call for this directory tries to remove the rest again.
    if (systemCode(error) === undefined && !(error instanceof WorkspaceError)) throw error;
  }
}

/** Makes the directory and its marker; true when the directory is new. */
function prepare(root: string, marker: Marker): boolean {
  try {
    const isNew = mkdirSync(root, { recursive: true }) !== undefined;
    const others = readdirSync(root).filter((name) => name !== markerName);
    const isUnfinished = marker.exists && marker.readOwner() === undefined;
    if (!isUnfinished && (others.length > 0 || marker.exists)) {
      throw new WorkspaceError(
        'workspace/not-empty',
        `"${root}" is not empty. Choose a new directory for the workspace, or an empty one.`,
      );
    }
    marker.make();
    return isNew;
  } catch (error) {
    throw workspaceErrorFrom(error, `make a workspace in "${root}"`);
  }
}

/** Removes what a call that was killed has made. What somebody else put there stays, and is named. */
async function clearUnfinished(content: ProjectContent, root: string, marker: Marker): Promise<void> {
  const isFinished = marker.readOwner() !== undefined;
  const intent = isFinished ? undefined : readIntent(marker);
  if (intent?.kind === 'create') removeEntries(root, await itemsOf(content, intent.tree));
  const other = readdirSync(root).find((name) => name !== markerName);
  if (other === undefined && !isFinished) return;
  throw new WorkspaceError(
    'workspace/not-empty',
    `"${root}" is not empty: it has "${other ?? markerName}". Choose a new directory for the workspace.`,
  );
}

/** All entries of a tree. Checked: a tree that was not made by us must not lead anywhere else. */
async function itemsOf(content: ProjectContent, tree: Hash): Promise<TreeItem[]> {
  const items: TreeItem[] = [];
  for await (const item of listAll(content.nodes, tree)) {
    requireHarmless(item.path);
    items.push(item);
  }
  return items;
}

/** Throws `workspace/denied` for a path that no tree should have, or that would get into our way or git's. */
export function requireHarmless(path: TreePath): void {
  const names = path.split('/');
  if (isTreePath(path) && !isMarkerName(names[0]!) && !names.some(isGitName)) return;
  throw new WorkspaceError(
    'workspace/denied',
    `The tree has a file "${textFromPath(path)}", which must not be written to a workspace. Remove it from the tree.`,
  );
}

async function write(
  content: ProjectContent,
  root: string,
  marker: Marker,
  tree: Hash,
  items: readonly TreeItem[],
  options: CreateOptions,
): Promise<void> {
  const files: NewFile[] = [];
  const directories: { path: TreePath; mode: number }[] = [];
  for (const { path, entry } of items) {
    if (entry.type === 'file' || entry.type === 'symlink') files.push({ path, entry });
    else directories.push({ path, mode: entry.type === 'directory' ? entry.mode : 0o755 });
  }
  directories.sort((a, b) => (a.path < b.path ? -1 : 1));
  const statuses = await fillFiles(content, root, tree, files, options, () => {
    for (const { path, mode } of directories) makeDirectory(root, path, mode);
  });
  const directoryStatus = new Map<TreePath, Stats>();
  for (const { path, mode } of directories.reverse()) {
    directoryStatus.set(path, finishDirectory(root, path, mode));
  }
  const lookedMs = fileSystemNow(marker);
  let nextFile = 0;
  const rows = items.map(({ path, entry }) => {
    const isFile = entry.type === 'file' || entry.type === 'symlink';
    const row = isFile
      ? fileRow(path, entry, statuses, nextFile++)
      : rowOf(baseName(path), rowKind[entry.type], directoryStatus.get(path)!, { recorded: true });
    return { path, row: { ...row, unsure: isRacy(row.ctimeMs, lookedMs) } };
  });
  const rootRow = rowOf('' as FileName, rowKind.directory, lstatSync(root), { recorded: true });
  writeState(marker, stateOfRows(tree, { ...rootRow, unsure: isRacy(rootRow.ctimeMs, lookedMs) }, rows));
}

/** Makes all files, by cloning where that is asked for and possible, and returns the status of each. */
async function fillFiles(
  content: ProjectContent,
  root: string,
  tree: Hash,
  files: readonly NewFile[],
  { reflinkFrom, onProgress }: CreateOptions,
  makeDirectories: () => void,
): Promise<Float64Array> {
  if (reflinkFrom !== undefined) {
    makeDirectories();
    const cloned = await cloneFiles(content.nodes, resolve(reflinkFrom), tree, root, files, reflink);
    const rest = [...files.keys()].filter((index) => !cloned.has(index));
    const written = await writeFiles(
      content,
      root,
      rest.map((index) => files[index]!),
    );
    onProgress({ files: files.length, filesTotal: files.length });
    return joined(files.length, cloned, rest, written);
  }
  const writer = new FileWriter(content, root, files);
  try {
    // While the second thread starts.
    makeDirectories();
    return await writer.write((written) => onProgress({ files: written, filesTotal: files.length }));
  } finally {
    await writer.close();
  }
}

/** The statuses of all files: of those that were cloned, and those of the rest, which were written. */
function joined(
  count: number,
  cloned: ReadonlyMap<number, Stats>,
  rest: readonly number[],
  written: Float64Array,
): Float64Array {
  const statuses = new Float64Array(count * statusNumbers);
  for (const [index, status] of cloned) statusInto(statuses, index, status);
  for (const [nth, index] of rest.entries()) {
    const at = nth * statusNumbers;
    statuses.set(written.subarray(at, at + statusNumbers), index * statusNumbers);
  }
  return statuses;
}

function fileRow(path: TreePath, entry: NewFile['entry'], statuses: Float64Array, index: number): Row {
  const at = index * statusNumbers;
  return {
    name: baseName(path),
    kind: rowKind[entry.type],
    recorded: true,
    unsure: false,
    mode: entry.type === 'file' ? entry.mode : 0,
    size: entry.size,
    mtimeMs: statuses[at]!,
    ctimeMs: statuses[at + 1]!,
    inode: statuses[at + 2]!,
  };
}
