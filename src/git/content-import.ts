import { assert } from '../base/error.ts';
import type { BlobBatch } from '../blob/blob-batch.ts';
import { addFileStream, type FileContent, wholeFileBytesMax } from '../blob/file.ts';
import type { Entry } from '../tree/entry.ts';
import { textFromPath } from '../tree/path.ts';
import type { WalkedEntry } from './directory-walk.ts';
import { GitError } from './git-error.ts';
import { kindOfMode } from './git-tree.ts';
import { permissionsOfMode } from './mode-mapping.ts';
import type { ObjectId } from './object-id.ts';
import type { GitObject, ObjectReader } from './object-reader.ts';

/** Copies git blobs into a batch, each once, reading ahead of what is asked for. */
export class ContentImport {
  readonly #batch: BlobBatch;
  readonly #objects: AsyncGenerator<GitObject>;
  readonly #earlier: ReadonlyMap<ObjectId, FileContent>;
  /** What was copied so far. */
  readonly added = new Map<ObjectId, FileContent>();

  /**
   * `wanted` are the entries in the order in which they will be asked for. It is gone through ahead of that. What is in
   * `earlier`, which does not change meanwhile, is not read.
   */
  constructor(
    reader: ObjectReader,
    batch: BlobBatch,
    wanted: Iterable<WalkedEntry>,
    earlier: ReadonlyMap<ObjectId, FileContent>,
  ) {
    this.#batch = batch;
    this.#earlier = earlier;
    this.#objects = reader.readAll(contentIds(wanted, earlier));
  }

  /** What a tree of ours says of a git entry that is no directory; its content is in the batch afterwards. */
  entry({ path, entry }: WalkedEntry): Entry | Promise<Entry> {
    const kind = kindOfMode(entry.mode, path);
    if (kind === 'gitlink') return { type: 'gitlink', commit: entry.id };
    const known = this.added.get(entry.id) ?? this.#earlier.get(entry.id);
    return known === undefined
      ? this.#next(entry.id).then((content) => entryOf({ path, entry }, content))
      : entryOf({ path, entry }, known);
  }

  /** To be called once all that was wanted has been asked for: the reader is free afterwards. */
  async finish(): Promise<void> {
    const { done } = await this.#objects.next();
    assert(done === true, 'more git blobs were wanted than asked for');
  }

  async #next(id: ObjectId): Promise<FileContent> {
    const { value: object } = await this.#objects.next();
    assert(
      object !== undefined && object.id === id,
      `git blobs came in another order than asked for (${id})`,
    );
    if (object.type !== 'blob') {
      throw new GitError('git/object-wrong-type', `Object ${id} should be a blob, and is a ${object.type}.`);
    }
    const content =
      object.form === 'whole'
        ? { hash: this.#batch.add(object.bytes), size: object.size }
        : await addFileStream(this.#batch, object.pieces);
    this.added.set(id, content);
    const busy = this.#batch.backpressure();
    if (busy) await busy;
    return content;
  }
}

function entryOf({ path, entry }: WalkedEntry, content: FileContent): Entry {
  if (kindOfMode(entry.mode, path) === 'file') {
    return { type: 'file', mode: permissionsOfMode(entry.mode), ...content };
  }
  if (content.size > wholeFileBytesMax) {
    throw new GitError(
      'git/object-too-large',
      `The symbolic link "${textFromPath(path)}" has a target of ${content.size} bytes, which no system can follow. Remove it in git first.`,
    );
  }
  return { type: 'symlink', ...content };
}

function* contentIds(
  entries: Iterable<WalkedEntry>,
  earlier: ReadonlyMap<ObjectId, FileContent>,
): Generator<ObjectId> {
  const seen = new Set<ObjectId>();
  for (const { path, entry } of entries) {
    const kind = kindOfMode(entry.mode, path);
    if (kind === 'directory' || kind === 'gitlink' || seen.has(entry.id) || earlier.has(entry.id)) continue;
    seen.add(entry.id);
    yield entry.id;
  }
}
