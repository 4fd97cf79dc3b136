import type { TreeChange } from '../../tree/diff.ts';
import type { Entry } from '../../tree/entry.ts';
import { type TreePath, textFromPath } from '../../tree/path.ts';
import type { FileChange } from '../head.ts';

/**
 * Tree changes as people speak of them: files only, and a file that went while one with the same content came is
 * renamed. In the order of the paths.
 */
export function fileChanges(changes: readonly TreeChange[]): FileChange[] {
  const gone = new Map<string, TreePath[]>();
  for (const { path, before, after } of changes) {
    if (before === undefined || after !== undefined) continue;
    const key = contentKey(before);
    if (key !== undefined) gone.set(key, [...(gone.get(key) ?? []), path]);
  }
  const renamedFrom = new Map<TreePath, TreePath>();
  for (const { path, before, after } of changes) {
    if (before !== undefined || after === undefined) continue;
    const from = gone.get(contentKey(after) ?? '')?.shift();
    if (from !== undefined) renamedFrom.set(path, from);
  }
  const moved = new Set(renamedFrom.values());
  const files: FileChange[] = [];
  for (const { path, before, after } of changes) {
    const wasFile = before !== undefined && before.type !== 'directory';
    const isFile = after !== undefined && after.type !== 'directory';
    const from = renamedFrom.get(path);
    if (from !== undefined)
      files.push({ kind: 'renamed', path: textFromPath(path), from: textFromPath(from) });
    else if (wasFile && isFile) files.push({ kind: 'modified', path: textFromPath(path) });
    else if (isFile) files.push({ kind: 'added', path: textFromPath(path) });
    else if (wasFile && !moved.has(path)) files.push({ kind: 'deleted', path: textFromPath(path) });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** What two files must share for one to be the other under a new name. Empty files are not told apart. */
function contentKey(entry: Entry): string | undefined {
  if (entry.type === 'symlink') return `symlink:${entry.hash}`;
  return entry.type === 'file' && entry.size > 0 ? entry.hash : undefined;
}
