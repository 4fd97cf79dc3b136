import { GitError } from './git-error.ts';
import type { ObjectId } from './object-id.ts';
import type { GitObjectType, ObjectReader } from './object-reader.ts';
import { ObjectWriter } from './object-writer.ts';
import type { Repository } from './repository.ts';

/**
 * Objects of a repository together with new ones that it does not have yet, so that what is built on something new can
 * be built before anything is written. One call at a time.
 */
export class StagedObjects {
  readonly #reader: ObjectReader;
  readonly #writer: ObjectWriter;
  readonly #staged = new Map<ObjectId, { readonly type: GitObjectType; readonly bytes: Buffer }>();

  constructor(repository: Repository, reader: ObjectReader) {
    this.#reader = reader;
    this.#writer = new ObjectWriter(repository);
  }

  async add(type: GitObjectType, bytes: Uint8Array): Promise<ObjectId> {
    const id = await this.#writer.add(type, bytes);
    this.#staged.set(id, { type, bytes: Buffer.from(bytes) });
    return id;
  }

  /** A tree or commit, whole. Throws as `ObjectReader.read` does. */
  async read(id: ObjectId, type: 'tree' | 'commit'): Promise<Buffer> {
    const staged = this.#staged.get(id);
    return staged?.type === type ? staged.bytes : this.#reader.read(id, type);
  }

  /** A blob, whole. Throws `git/object-wrong-type` where `id` names something else, or one above `bytesMax`. */
  async readBlob(id: ObjectId, bytesMax: number): Promise<Buffer> {
    const staged = this.#staged.get(id);
    if (staged?.type === 'blob') return staged.bytes;
    return readBlob(this.#reader, id, bytesMax);
  }

  /** The tree of a commit. */
  async treeOfCommit(id: ObjectId): Promise<ObjectId> {
    const bytes = await this.read(id, 'commit');
    return bytes.toString('latin1', 'tree '.length, bytes.indexOf(0x0a)) as ObjectId;
  }

  /** Ends once everything that was added is in the repository. */
  async flush(): Promise<void> {
    await this.#writer.flush();
  }
}

/** A blob, whole. Throws `git/object-wrong-type` and `git/object-too-large`, after which `reader` can go on. */
async function readBlob(reader: ObjectReader, id: ObjectId, bytesMax: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let found: { readonly type: GitObjectType; readonly size: number } | undefined;
  for await (const object of reader.readAll([id])) {
    found = object;
    if (object.form === 'whole') pieces.push(object.bytes);
    else for await (const piece of object.pieces) if (object.size <= bytesMax) pieces.push(piece);
  }
  if (found?.type !== 'blob') {
    throw new GitError('git/object-wrong-type', `Object ${id} should be a blob, and is a ${found?.type}.`);
  }
  if (found.size > bytesMax) {
    throw new GitError(
      'git/object-too-large',
      `The blob ${id} has ${found.size} bytes, and at most ${bytesMax} are read of such a file.`,
    );
  }
  return Buffer.concat(pieces);
}
