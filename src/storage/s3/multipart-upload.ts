import type { CompletedPart } from '@aws-sdk/client-s3';
import type { Random } from '../../base/random.ts';
import type { Sleep } from '../backoff.ts';
import { backoffMs } from '../backoff.ts';
import type { S3Connection } from './s3-connection.ts';
import { failureKind } from './s3-failure.ts';

/** Larger objects are uploaded in parts, in bytes: one that breaks off costs a part and not the whole. */
export const singlePutBytesMax = 32 * 1024 * 1024;
/** Size of a part in bytes. S3 allows 10,000 of them, of 5 MiB at least. */
const partBytes = 16 * 1024 * 1024;
const partsMax = 10_000;
/** How many parts of an object are on their way at once. */
const partsAtOnceMax = 4;
/** How often a part is sent in all. */
const partAttemptsMax = 5;
const partBackoff = { firstMs: 100, maxMs: 5000 };

export interface MultipartUploadOptions {
  readonly random: Random;
  readonly sleep: Sleep;
}

/**
 * Writes the object `name` (with the prefix) in parts, over whatever was there: it appears as a whole or not at all.
 * The parts of an upload that fails are removed, unless the server cannot be reached for that either. Throws as the
 * client library does.
 */
export async function uploadInParts(
  connection: S3Connection,
  name: string,
  bytes: Uint8Array,
  options: MultipartUploadOptions,
): Promise<void> {
  const object = { ...connection.bucket, Key: name };
  const { UploadId } = await connection.send((client, { CreateMultipartUploadCommand }) =>
    client.send(new CreateMultipartUploadCommand(object)),
  );
  const upload = { ...object, UploadId };
  try {
    const parts = await uploadParts(bytes, async (part, PartNumber) => {
      const { ETag } = await repeating(options, () =>
        connection.send((client, { UploadPartCommand }) =>
          client.send(new UploadPartCommand({ ...upload, PartNumber, Body: part })),
        ),
      );
      return { ETag, PartNumber };
    });
    await connection.send((client, { CompleteMultipartUploadCommand }) =>
      client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } })),
    );
  } catch (error) {
    await connection
      .send((client, { AbortMultipartUploadCommand }) => client.send(new AbortMultipartUploadCommand(upload)))
      // What stopped the upload is what its caller has to know; it may well have stopped this, too.
      .catch(() => {});
    throw error;
  }
}

/** Sends the parts of `bytes`, some at once, and none more after one has failed. */
async function uploadParts(
  bytes: Uint8Array,
  send: (part: Uint8Array, number: number) => Promise<CompletedPart>,
): Promise<CompletedPart[]> {
  const size = Math.max(partBytes, Math.ceil(bytes.length / partsMax));
  const count = Math.ceil(bytes.length / size);
  const parts: CompletedPart[] = [];
  let next = 0;
  let failed = false;
  const sender = async (): Promise<void> => {
    while (next < count && !failed) {
      const at = next++;
      try {
        parts[at] = await send(bytes.subarray(at * size, (at + 1) * size), at + 1);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: partsAtOnceMax }, sender));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return parts;
}

/** A part that was sent twice is there once. */
async function repeating<T>({ random, sleep }: MultipartUploadOptions, send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (failureKind(error) !== 'uncertain' || attempt === partAttemptsMax) throw error;
      await sleep(backoffMs(random, partBackoff, attempt - 1));
    }
  }
}
