import { GitError } from './git-error.ts';
import { type NewObject, writeLooseObjects } from './loose-objects.ts';
import type { ObjectId } from './object-id.ts';
import { type GitObjectType, type ObjectReader, wholeBytes } from './object-reader.ts';
import { ObjectWriter, objectIdOf, packObjectsMin } from './object-writer.ts';
import type { Repository } from './repository.ts';

/**
 * Objects of a repository together with new ones that it does not have yet, so that what is built on something new can
 * be built before anything is written. Trees and commits that were read are kept: who changes one tree after the other
 * reads the same ones again and again. One call at a time.
 */
export class StagedObjects {
  readonly #repository: Repository;
  readonly #reader: ObjectReader;
  #added = new Map<ObjectId, NewObject>();
  readonly #known = new Map<ObjectId, { readonly type: GitObjectType; readonly bytes: Buffer }>();

  constructor(repository: Repository, reader: ObjectReader) {
    this.#repository = repository;
    this.#reader = reader;
  }

  async add(type: GitObjectType, bytes: Uint8Array): Promise<ObjectId> {
    const id = objectIdOf(this.#repository.objectFormat, type, bytes);
    if (this.#added.has(id)) return id;
    const object = { id, type, bytes: Buffer.from(bytes) };
    this.#added.set(id, object);
    this.#known.set(id, object);
    return id;
  }

  /** A tree or commit, whole. Throws as `ObjectReader.read` does. */
  async read(id: ObjectId, type: 'tree' | 'commit'): Promise<Buffer> {
    const known = this.#known.get(id);
    if (known?.type === type) return known.bytes;
    const bytes = await this.#reader.read(id, type);
    this.#known.set(id, { type, bytes });
    return bytes;
  }

  /** Trees, asked for together. Throws as `ObjectReader.read` does. */
  async readTrees(ids: readonly ObjectId[]): Promise<ReadonlyMap<ObjectId, Buffer>> {
    const missing = ids.filter((id) => this.#known.get(id)?.type !== 'tree');
    for await (const object of this.#reader.readAll(missing))
      this.#known.set(object.id, { type: 'tree', bytes: wholeBytes(object, 'tree') });
    return new Map(ids.map((id) => [id, this.#known.get(id)!.bytes]));
  }

  /** A blob, whole. Throws `git/object-wrong-type` where `id` names something else, or one above `bytesMax`. */
  async readBlob(id: ObjectId, bytesMax: number): Promise<Buffer> {
    const known = this.#known.get(id);
    if (known?.type === 'blob') return known.bytes;
    const found = (await readSmallBlobs(this.#reader, [id], bytesMax)).get(id);
    if (found?.bytes !== undefined) return found.bytes;
    if (found?.type === 'blob') {
      throw new GitError(
        'git/object-too-large',
        `The blob ${id} has ${found.size} bytes, and at most ${bytesMax} are read of such a file.`,
      );
    }
    throw new GitError('git/object-wrong-type', `Object ${id} should be a blob, and is a ${found?.type}.`);
  }

  /** What of `ids` are blobs of at most `bytesMax`, whole, asked for together. Throws `git/object-missing`. */
  async readBlobs(ids: readonly ObjectId[], bytesMax: number): Promise<ReadonlyMap<ObjectId, Buffer>> {
    const blobs = new Map<ObjectId, Buffer>();
    const missing: ObjectId[] = [];
    for (const id of ids) {
      const known = this.#known.get(id);
      if (known === undefined) missing.push(id);
      else if (known.type === 'blob' && known.bytes.length <= bytesMax) blobs.set(id, known.bytes);
    }
    for (const [id, { bytes }] of await readSmallBlobs(this.#reader, missing, bytesMax))
      if (bytes !== undefined) blobs.set(id, bytes);
    return blobs;
  }

  /** The tree of a commit. */
  async treeOfCommit(id: ObjectId): Promise<ObjectId> {
    const bytes = await this.read(id, 'commit');
    return bytes.toString('latin1', 'tree '.length, bytes.indexOf(0x0a)) as ObjectId;
  }

  /** Ends once everything that was added is in the repository. */
  async flush(): Promise<void> {
    const objects = Array.from(this.#added.values());
    this.#added = new Map();
    const { looseObjects } = this.#repository;
    if (looseObjects !== undefined && objects.length < packObjectsMin)
      return writeLooseObjects(looseObjects, objects);
    const writer = new ObjectWriter(this.#repository);
    for (const { type, bytes } of objects) await writer.add(type, bytes);
    await writer.flush();
  }
}

/** What an object is; `bytes` are those of a blob that is small enough. */
interface FoundObject {
  readonly type: GitObjectType;
  readonly size: number;
  readonly bytes: Buffer | undefined;
}

/** What `ids` name, all of it read, so that `reader` can go on. */
async function readSmallBlobs(
  reader: ObjectReader,
  ids: readonly ObjectId[],
  bytesMax: number,
): Promise<ReadonlyMap<ObjectId, FoundObject>> {
  const found = new Map<ObjectId, FoundObject>();
  for await (const object of reader.readAll(ids)) {
    const { id, type, size } = object;
    const isWanted = type === 'blob' && size <= bytesMax;
    const pieces: Buffer[] = [];
    if (object.form === 'whole') pieces.push(object.bytes);
    else for await (const piece of object.pieces) if (isWanted) pieces.push(piece);
    found.set(id, { type, size, bytes: isWanted ? Buffer.concat(pieces) : undefined });
  }
  return found;
}
