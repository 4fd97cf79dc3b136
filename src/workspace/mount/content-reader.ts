import { hasCode } from '../../base/error.ts';
import type { BlobBatch } from '../../blob/blob-batch.ts';
import { addFile, addFileStream, type FileContent, wholeFileBytesMax } from '../../blob/file.ts';
import type { Entry, FileEntry, SymlinkEntry } from '../../tree/entry.ts';
import { type TreePath, textFromPath } from '../../tree/path.ts';
import type { Inode } from '../../vfs/inode.ts';
import { contentPieces, isUnchanged, markRecorded, recordedContent } from '../../vfs/recording/content.ts';
import { resident } from '../../vfs/resident.ts';
import type { Volume } from '../../vfs/volume.ts';
import { keptPermissions } from '../permissions.ts';
import { WorkspaceError } from '../workspace-error.ts';

/** How often a file that changes while it is read is read again. */
const attemptsMax = 5;

/** Brings the contents of a session's files into a batch, each only where the store does not have it yet. */
export class ContentReader {
  readonly #volume: Volume;
  readonly #batch: BlobBatch;
  /** What was read, as it was then. */
  readonly #read = new Map<Inode['inode'], { readonly inode: Inode; readonly content: FileContent }>();

  constructor(volume: Volume, batch: BlobBatch) {
    this.#volume = volume;
    this.#batch = batch;
  }

  /** The entry that says what a file or symlink is now; undefined when it has gone meanwhile. */
  async entry(
    path: TreePath,
    inode: Inode,
    before: Entry | undefined,
  ): Promise<FileEntry | SymlinkEntry | undefined> {
    const content = this.#storedContent(inode) ?? (await this.#steadyContent(path, inode));
    if (content === undefined) return undefined;
    const { hash, size } = content;
    if (inode.type === 'symlink') return { type: 'symlink', hash, size };
    const permissions = inode.mode & 0o777;
    const isSame = before?.type === 'file' && before.mode === permissions;
    return { type: 'file', mode: isSame ? permissions : keptPermissions(permissions), hash, size };
  }

  /** All bytes of a small file. */
  async bytes(inode: Inode): Promise<Buffer> {
    const pieces = await Array.fromAsync(contentPieces(this.#volume, inode.inode), (piece) =>
      Buffer.from(piece),
    );
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  /** Tells the file system what the store has now: for when the batch is flushed. */
  markRecorded(): void {
    for (const { inode, content } of this.#read.values()) {
      whileThere(() => markRecorded(this.#volume, inode, content.hash));
    }
    this.#read.clear();
  }

  /** What the store has of a file; undefined where it has to be read, also because a collection took what was recorded. */
  #storedContent(inode: Inode): FileContent | undefined {
    const recorded = recordedContent(inode);
    if (recorded === undefined || inode.content.kind === 'object') return recorded;
    return this.#volume.content.blobs.has(recorded.hash) ? recorded : undefined;
  }

  async #steadyContent(path: TreePath, first: Inode): Promise<FileContent | undefined> {
    const known = this.#read.get(first.inode);
    if (known?.inode === first) return known.content;
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const inode = await this.#inode(first);
      if (inode === undefined) return undefined;
      const content = this.#storedContent(inode) ?? (await this.#add(inode));
      if (content !== undefined && whileThere(() => isUnchanged(this.#volume, inode))) {
        this.#read.set(inode.inode, { inode, content });
        return content;
      }
    }
    throw new WorkspaceError(
      'workspace/unsteady',
      `"${textFromPath(path)}" changes all the time and could not be recorded. Wait until nobody writes to it, then do it again.`,
    );
  }

  async #inode(first: Inode): Promise<Inode | undefined> {
    try {
      return await resident(() => this.#volume.inode(first.inode));
    } catch (error) {
      if (hasCode(error, 'file-system/stale')) return undefined;
      throw error;
    }
  }

  /** Adds the content to the batch; undefined when the file went while it was read. */
  async #add(inode: Inode): Promise<FileContent | undefined> {
    try {
      const content =
        inode.size <= wholeFileBytesMax
          ? await addFile(this.#batch, await this.bytes(inode))
          : await addFileStream(this.#batch, contentPieces(this.#volume, inode.inode));
      const busy = this.#batch.backpressure();
      if (busy !== undefined) await busy;
      return content;
    } catch (error) {
      if (hasCode(error, 'file-system/stale')) return undefined;
      throw error;
    }
  }
}

/** What `work` says; undefined when its file has gone. */
function whileThere<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (hasCode(error, 'file-system/stale')) return undefined;
    throw error;
  }
}
