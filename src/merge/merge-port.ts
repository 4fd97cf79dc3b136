import type { Entry, FileEntry } from '../tree/entry.ts';
import type { TreePath } from '../tree/path.ts';

/** How a file's text is merged: by lines, never, or by lines keeping both sides of a conflict. */
export type TextDriver = 'text' | 'binary' | 'union';

/** What a merge of trees needs of the store that the trees are in. */
export interface MergePort {
  /** What the base tree has at a path. Asked only for paths that no side changed. */
  baseEntry(path: TreePath): Promise<Entry | undefined>;
  /** The content of a file, whole. */
  readFile(file: FileEntry): Promise<Uint8Array>;
  /** Keeps a merged file, and says what a tree entry needs to name it: its hash, and its size in bytes. */
  writeFile(bytes: Uint8Array): Promise<Pick<FileEntry, 'hash' | 'size'>>;
  /** How the text of the file at a path is merged; by lines where this is not given. */
  textDriver?(path: TreePath): Promise<TextDriver>;
}
