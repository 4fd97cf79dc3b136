import { StorageError } from '../object-store.ts';
import type { S3Connection } from './s3-connection.ts';
import { failureKind, storageErrorFrom } from './s3-failure.ts';

/** Most objects that one request of S3 deletes. */
const batchMax = 1000;

interface Deletion {
  readonly name: string;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export interface DeleteBatchesOptions {
  /** Whether one request may delete several objects; otherwise that depends on the server. */
  readonly deletes?: 'one by one' | 'together';
}

/**
 * Deletes that are asked for in one turn of the event loop go to the server together, a thousand a request. Not so to
 * Ceph: its gateways of version 16 die now and then of a request that deletes several (they delete them at once, and
 * write what they find into one place).
 */
export class DeleteBatches {
  readonly #connection: S3Connection;
  readonly #deletes: DeleteBatchesOptions['deletes'];
  #pending: Deletion[] = [];

  constructor(connection: S3Connection, { deletes }: DeleteBatchesOptions = {}) {
    this.#connection = connection;
    this.#deletes = deletes;
  }

  /** Deletes the object `name` (with the prefix), if there is one. Throws `StorageError`s. */
  delete(name: string): Promise<void> {
    return new Promise((done, failed) => {
      if (this.#pending.length === 0) setImmediate(() => this.#flush());
      this.#pending.push({ name, done, failed });
    });
  }

  #flush(): void {
    const all = this.#pending;
    this.#pending = [];
    const size = this.#mayBatch() ? batchMax : 1;
    for (let start = 0; start < all.length; start += size) {
      const batch = all.slice(start, start + size);
      const [first] = batch;
      const work = batch.length === 1 && first ? this.#deleteOne(first) : this.#deleteAll(batch);
      work.catch((error: unknown) => {
        const { name } = batch[0]!;
        const action =
          batch.length === 1 ? `delete "${name}"` : `delete "${name}" and ${batch.length - 1} others`;
        const failure = storageErrorFrom(error, action, this.#connection.location);
        for (const { failed } of batch) failed(failure);
      });
    }
  }

  #mayBatch(): boolean {
    if (this.#deletes !== undefined) return this.#deletes === 'together';
    // Whoever deletes has listed or read before, so the server is known.
    return this.#connection.server === 'other';
  }

  async #deleteOne({ name, done }: Deletion): Promise<void> {
    const { bucket } = this.#connection;
    try {
      await this.#connection.send((client, { DeleteObjectCommand }) =>
        client.send(new DeleteObjectCommand({ ...bucket, Key: name })),
      );
    } catch (error) {
      if (failureKind(error) !== 'absent') throw error;
    }
    done();
  }

  async #deleteAll(batch: readonly Deletion[]): Promise<void> {
    const { bucket, location } = this.#connection;
    const Delete = { Objects: batch.map(({ name }) => ({ Key: name })), Quiet: true };
    const { Errors = [] } = await this.#connection.send((client, { DeleteObjectsCommand }) =>
      client.send(new DeleteObjectsCommand({ ...bucket, Delete })),
    );
    const errors = new Map(Errors.map((error) => [error.Key, error]));
    for (const { name, done, failed } of batch) {
      const error = errors.get(name);
      if (error === undefined || error.Code === 'NoSuchKey') done();
      else failed(deletionError(name, error, location.bucket));
    }
  }
}

/** The server says per object what went wrong, with a code and no status. */
function deletionError(
  name: string,
  {
    Code = 'Error',
    Message = '',
  }: { readonly Code?: string | undefined; readonly Message?: string | undefined },
  bucket: string,
): StorageError {
  const denied = Code === 'AccessDenied';
  return new StorageError(
    denied ? 'storage/denied' : 'storage/unavailable',
    `Cannot delete "${name}" from the bucket "${bucket}": ${Code} ${Message}. ${denied ? 'Check that the credentials may delete there.' : 'Try again.'}`,
  );
}
