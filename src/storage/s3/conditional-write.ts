import type { Random } from '../../base/random.ts';
import type { Sleep } from '../backoff.ts';
import { backoffMs } from '../backoff.ts';
import type { ETag, WriteOutcome } from '../object-store.ts';
import { StorageError } from '../object-store.ts';
import type { S3Connection } from './s3-connection.ts';
import { failureKind, storageErrorFrom } from './s3-failure.ts';
import { bareTag } from './tag.ts';

/** How often an object is created when another write of it is always under way. */
const contentionAttemptsMax = 6;
const contentionBackoff = { firstMs: 20, maxMs: 1000 };

/** How a tag stands in `If-Match`. HTTP wants it quoted; Ceph understands it bare only, AWS either way. */
type MatchForm = 'bare' | 'quoted';
type Condition = { readonly IfNoneMatch: '*' } | { readonly IfMatch: string };

export interface ConditionalWriteOptions {
  readonly random: Random;
  readonly sleep: Sleep;
}

/**
 * The conditional writes to one bucket. In what form the server wants tags is found out by the first swap that succeeds:
 * until then, one that is refused in the first form is tried in the other.
 */
export class ConditionalWrites {
  readonly #connection: S3Connection;
  readonly #random: Random;
  readonly #sleep: Sleep;
  #form: MatchForm | undefined;
  #versioned = false;

  constructor(connection: S3Connection, { random, sleep }: ConditionalWriteOptions) {
    this.#connection = connection;
    this.#random = random;
    this.#sleep = sleep;
  }

  /** Writes the object `name` (with the prefix) where there is none. */
  async putIfAbsent(name: string, bytes: Uint8Array): Promise<WriteOutcome> {
    for (let attempt = 1; ; attempt++) {
      const result = await this.#write(name, bytes, { IfNoneMatch: '*' });
      if (result.outcome !== 'contended') return result;
      // Nobody can tell from this whether there is an object now, so it is not refused.
      if (attempt === contentionAttemptsMax) return { outcome: 'unknown', cause: result.cause };
      await this.#sleep(backoffMs(this.#random, contentionBackoff, attempt - 1));
    }
  }

  /** Replaces the version `expected` of the object `name` (with the prefix). */
  async compareAndSwap(name: string, bytes: Uint8Array, expected: ETag): Promise<WriteOutcome> {
    for (const form of this.#form === undefined ? matchForms : [this.#form]) {
      const result = await this.#write(name, bytes, {
        IfMatch: form === 'bare' ? expected : `"${expected}"`,
      });
      if (result.outcome === 'stored') this.#form = form;
      if (result.outcome === 'contended') return { outcome: 'refused' };
      if (result.outcome !== 'refused') return result;
    }
    return { outcome: 'refused' };
  }

  async #write(
    name: string,
    bytes: Uint8Array,
    condition: Condition,
  ): Promise<WriteOutcome | { readonly outcome: 'contended'; readonly cause: unknown }> {
    const action = `write "${name}"`;
    const { location, bucket } = this.#connection;
    if (this.#versioned) throw versionedBucket(location.bucket);
    try {
      const { ETag: tag, VersionId } = await this.#connection.send((client, { PutObjectCommand }) =>
        client.send(new PutObjectCommand({ ...bucket, Key: name, Body: bytes, ...condition })),
      );
      // What is done is done; but the next condition may be held against the wrong version.
      this.#versioned = VersionId !== undefined && VersionId !== 'null';
      return { outcome: 'stored', etag: bareTag(tag, location) };
    } catch (cause) {
      const kind = failureKind(cause);
      switch (kind) {
        case 'unmet':
          return { outcome: 'refused' };
        case 'contended':
          return { outcome: 'contended', cause };
        case 'uncertain':
          return { outcome: 'unknown', cause: storageErrorFrom(cause, action, location) };
        case 'absent':
          // Whoever creates is told so only where the object is being deleted.
          return 'IfMatch' in condition ? { outcome: 'refused' } : { outcome: 'contended', cause };
        case 'range':
        case 'hopeless':
          throw storageErrorFrom(cause, action, location);
      }
    }
  }
}

const matchForms: readonly MatchForm[] = ['bare', 'quoted'];

/** Why a bucket that keeps versions is refused. */
export function versionedBucket(bucket: string): StorageError {
  return new StorageError(
    'storage/unsuitable',
    `The bucket "${bucket}" keeps versions. Conditional writes are not dependable there on every server, and deleted objects would stay for ever. Use a bucket without versioning, or suspend it: aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Suspended`,
  );
}
