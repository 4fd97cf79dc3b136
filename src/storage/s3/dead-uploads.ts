import type { ListMultipartUploadsCommandOutput, MultipartUpload } from '@aws-sdk/client-s3';
import { isObjectKey, type SweepOptions } from '../object-store.ts';
import type { S3Connection } from './s3-connection.ts';
import { failureKind, storageErrorFrom } from './s3-failure.ts';

/**
 * Aborts the uploads in parts that were begun before a time and never ended: their parts take room, cost money and show
 * in no listing. Only those of objects whose key begins with `prefix`. Answers how many. Throws `StorageError`s.
 */
export async function sweepDeadUploads(
  connection: S3Connection,
  prefix: string,
  { beforeMs, mode }: SweepOptions,
): Promise<number> {
  const front = connection.location.prefix;
  let swept = 0;
  try {
    for await (const { Key = '', UploadId, Initiated } of uploadsOf(connection, front + prefix)) {
      const begunMs = Initiated?.getTime() ?? Number.POSITIVE_INFINITY;
      // Others may keep things of their own beside ours.
      if (begunMs >= beforeMs || !isObjectKey(Key.slice(front.length))) continue;
      if (mode === 'sweep') await abort(connection, Key, UploadId);
      swept++;
    }
  } catch (error) {
    throw storageErrorFrom(error, `end interrupted uploads below "${front}${prefix}"`, connection.location);
  }
  return swept;
}

async function* uploadsOf(connection: S3Connection, Prefix: string): AsyncGenerator<MultipartUpload> {
  let markers: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } | undefined = {};
  while (markers !== undefined) {
    const request = { ...connection.bucket, Prefix, ...markers };
    const page: ListMultipartUploadsCommandOutput = await connection.send(
      (client, { ListMultipartUploadsCommand }) => client.send(new ListMultipartUploadsCommand(request)),
    );
    yield* page.Uploads ?? [];
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
    markers =
      page.IsTruncated === true && KeyMarker !== undefined
        ? { KeyMarker, ...(UploadIdMarker !== undefined && { UploadIdMarker }) }
        : undefined;
  }
}

async function abort(connection: S3Connection, Key: string, UploadId: string | undefined): Promise<void> {
  try {
    await connection.send((client, { AbortMultipartUploadCommand }) =>
      client.send(new AbortMultipartUploadCommand({ ...connection.bucket, Key, UploadId })),
    );
  } catch (error) {
    // It has ended meanwhile, or another has aborted it.
    if (failureKind(error) !== 'absent') throw error;
  }
}
