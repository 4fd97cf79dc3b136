import type { Stats } from 'node:fs';
import type { BlobBatch } from '../../blob/blob-batch.ts';
import { type Entry, sameEntry } from '../../tree/entry.ts';
import type { TreePath } from '../../tree/path.ts';
import { diskStatus } from '../disk-status.ts';
import { EntryReader } from '../entry-reader.ts';
import { keptPermissions } from '../permissions.ts';
import type { Row } from './row.ts';
import { hasRealParents } from './safe-removal.ts';

/** Looks at what stands on disk, never through a symlink, and compares it with what should. */
export class DiskCheck {
  readonly #root: string;
  readonly #reader: EntryReader;

  /** What has to be read for a comparison goes into `batch`, which need not be flushed. */
  constructor(root: string, batch: BlobBatch) {
    this.#root = root;
    this.#reader = new EntryReader(root, batch);
  }

  /** The status of what stands at `path`; undefined where there is nothing, or where a parent is no directory. */
  status(path: TreePath): Stats | undefined {
    return hasRealParents(this.#root, path) ? diskStatus(this.#root, path) : undefined;
  }

  /** Whether what has the status `status` is as `row` recorded it; read, and compared with `entry`, where in doubt. */
  async isAsRecorded(path: TreePath, status: Stats, entry: Entry, row: Row | undefined): Promise<boolean> {
    if (entry.type === 'gitlink') return status.isDirectory();
    if (entry.type === 'directory')
      return status.isDirectory() && keptPermissions(status.mode) === entry.mode;
    const proven =
      row !== undefined &&
      !row.unsure &&
      row.ctimeMs === status.ctimeMs &&
      row.mtimeMs === status.mtimeMs &&
      row.inode === status.ino &&
      row.size === status.size;
    return proven || this.holds(path, status, entry);
  }

  /** Whether what has the status `status` is what `entry` says. Files and symlinks are read. */
  async holds(path: TreePath, status: Stats, entry: Entry): Promise<boolean> {
    switch (entry.type) {
      case 'directory':
      case 'gitlink':
        return status.isDirectory();
      case 'file':
        if (!status.isFile() || status.size !== entry.size) return false;
        return sameEntry((await this.#reader.read(path, 'file'))?.entry, entry);
      case 'symlink':
        if (!status.isSymbolicLink()) return false;
        return sameEntry((await this.#reader.read(path, 'symlink'))?.entry, entry);
    }
  }
}
