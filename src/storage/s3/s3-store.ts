import type { GetObjectCommandOutput, ListObjectsV2CommandInput } from '@aws-sdk/client-s3';
import type { Random } from '../../base/random.ts';
import { systemRandom } from '../../base/random.ts';
import type { Sleep } from '../backoff.ts';
import { systemSleep } from '../backoff.ts';
import type {
  ByteRange,
  ETag,
  ListOptions,
  ObjectInfo,
  ObjectKey,
  ObjectStore,
  StoredObject,
  SweepOptions,
  WriteOutcome,
} from '../object-store.ts';
import { isObjectKey, parseKey } from '../object-store.ts';
import { ConditionalWrites } from './conditional-write.ts';
import { sweepDeadUploads } from './dead-uploads.ts';
import { DeleteBatches, type DeleteBatchesOptions } from './delete-batches.ts';
import { singlePutBytesMax, uploadInParts } from './multipart-upload.ts';
import { S3Connection, type S3ConnectionOptions } from './s3-connection.ts';
import { failureKind, notLikeS3, storageErrorFrom } from './s3-failure.ts';
import type { S3Location } from './s3-location.ts';
import { bareTag } from './tag.ts';

export interface S3StoreOptions extends S3ConnectionOptions, DeleteBatchesOptions {
  readonly random?: Random;
  readonly sleep?: Sleep;
}

/** A connection and what works with it. */
interface Opened {
  readonly connection: S3Connection;
  readonly conditional: ConditionalWrites;
  readonly deletes: DeleteBatches;
}

/**
 * Objects in a bucket, behind a prefix. `refused` is what the server has said; where it has said nothing, or that it
 * failed, a conditional write is `unknown`. Nothing but the parts of a large `put` is repeated here: `RetryingStore`
 * does that. A key that is a folder of another one is not noticed.
 *
 * The client library is loaded, and credentials are looked for, with the first operation.
 */
export class S3Store implements ObjectStore {
  readonly #location: S3Location;
  readonly #options: S3StoreOptions;
  readonly #random: Random;
  readonly #sleep: Sleep;
  #opened: Promise<Opened> | undefined;

  constructor(location: S3Location, options: S3StoreOptions = {}) {
    this.#location = location;
    this.#options = options;
    this.#random = options.random ?? systemRandom;
    this.#sleep = options.sleep ?? systemSleep;
  }

  async get(key: ObjectKey, range?: ByteRange): Promise<StoredObject | undefined> {
    const name = this.#nameOf(key);
    const { connection } = await this.#open();
    if (range !== undefined && range.start === range.end) return this.#nothingOf(connection, name);
    const request = {
      ...connection.bucket,
      Key: name,
      ...(range && { Range: `bytes=${range.start}-${range.end - 1}` }),
    };
    try {
      return await connection.send(async (client, { GetObjectCommand }) =>
        readAnswer(await client.send(new GetObjectCommand(request)), range, this.#location),
      );
    } catch (error) {
      const kind = failureKind(error);
      if (kind === 'absent') return undefined;
      if (kind === 'range') return this.#nothingOf(connection, name);
      throw storageErrorFrom(error, `read "${name}"`, this.#location);
    }
  }

  async put(key: ObjectKey, bytes: Uint8Array): Promise<void> {
    const name = this.#nameOf(key);
    const { connection } = await this.#open();
    const [random, sleep] = [this.#random, this.#sleep];
    try {
      if (bytes.length > singlePutBytesMax)
        return await uploadInParts(connection, name, bytes, { random, sleep });
      const { ETag: tag } = await connection.send((client, { PutObjectCommand }) =>
        client.send(new PutObjectCommand({ ...connection.bucket, Key: name, Body: bytes })),
      );
      bareTag(tag, this.#location);
    } catch (error) {
      throw storageErrorFrom(error, `write "${name}"`, this.#location);
    }
  }

  async putIfAbsent(key: ObjectKey, bytes: Uint8Array): Promise<WriteOutcome> {
    const name = this.#nameOf(key);
    const { conditional } = await this.#open();
    return conditional.putIfAbsent(name, bytes);
  }

  async compareAndSwap(key: ObjectKey, bytes: Uint8Array, expected: ETag): Promise<WriteOutcome> {
    const name = this.#nameOf(key);
    const { conditional } = await this.#open();
    return conditional.compareAndSwap(name, bytes, expected);
  }

  async *list(prefix: string, { after }: ListOptions = {}): AsyncIterable<ObjectInfo> {
    const { connection } = await this.#open();
    const front = this.#location.prefix;
    const request = {
      ...connection.bucket,
      Prefix: front + prefix,
      ...(after !== undefined && { StartAfter: front + after }),
    };
    let ContinuationToken: string | undefined;
    do {
      const page = await this.#listPage(connection, { ...request, ContinuationToken });
      for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
        const key = Key.slice(front.length);
        // Others may keep things of their own beside ours.
        if (isObjectKey(key)) yield { key, size: Size, modifiedMs: LastModified?.getTime() ?? 0 };
      }
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  async delete(key: ObjectKey): Promise<void> {
    const name = this.#nameOf(key);
    const { deletes } = await this.#open();
    return deletes.delete(name);
  }

  async sweep(prefix: string, options: SweepOptions): Promise<number> {
    const { connection } = await this.#open();
    return sweepDeadUploads(connection, prefix, options);
  }

  /** Closes the connections; the store opens them again when it is used again. */
  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    (await opened)?.connection.close();
  }

  #nameOf(key: ObjectKey): string {
    return this.#location.prefix + parseKey(key);
  }

  #open(): Promise<Opened> {
    this.#opened ??= this.#connect();
    return this.#opened;
  }

  async #connect(): Promise<Opened> {
    const connection = await S3Connection.open(this.#location, this.#options);
    const conditional = new ConditionalWrites(connection, { random: this.#random, sleep: this.#sleep });
    return { connection, conditional, deletes: new DeleteBatches(connection, this.#options) };
  }

  /** No bytes of an object, which has to be there: a range that S3 has no words for. */
  async #nothingOf(connection: S3Connection, name: string): Promise<StoredObject | undefined> {
    // A listing, because 404 without a body, which is what HEAD gets, may come from any server.
    const request = { ...connection.bucket, Prefix: name, MaxKeys: 1 };
    const { Contents: [first] = [] } = await this.#listPage(connection, request);
    if (first?.Key !== name) return undefined;
    return { bytes: new Uint8Array(), etag: bareTag(first.ETag, this.#location) };
  }

  async #listPage(
    connection: S3Connection,
    request: ListObjectsV2CommandInput & { readonly Prefix: string },
  ) {
    try {
      const page = await connection.send((client, { ListObjectsV2Command }) =>
        client.send(new ListObjectsV2Command(request)),
      );
      if (page.Name === undefined) throw notLikeS3(this.#location);
      return page;
    } catch (error) {
      throw storageErrorFrom(error, `list "${request.Prefix}"`, this.#location);
    }
  }
}

async function readAnswer(
  { Body, ContentRange, ETag: tag }: GetObjectCommandOutput,
  range: ByteRange | undefined,
  location: S3Location,
): Promise<StoredObject> {
  const etag = bareTag(tag, location);
  const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
  const isWhole = ContentRange === undefined && range !== undefined;
  return { bytes: isWhole ? bytes.subarray(range.start, range.end) : bytes, etag };
}
