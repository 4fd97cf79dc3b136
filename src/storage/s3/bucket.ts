import { StorageError } from '../object-store.ts';
import { versionedBucket } from './conditional-write.ts';
import { S3Connection, type S3ConnectionOptions } from './s3-connection.ts';
import { storageErrorFrom } from './s3-failure.ts';
import type { S3Location } from './s3-location.ts';

/** The region that S3 does not want to be told when a bucket is made there. */
const regionUnsaid = 'us-east-1';

/**
 * Checks of a bucket what its objects do not show: that it is there, and keeps no versions. Throws
 * `storage/not-found`, `storage/unsuitable`, and as a store does.
 */
export async function requirePlainBucket(location: S3Location, options?: S3ConnectionOptions): Promise<void> {
  const { Status } = await request(
    location,
    options,
    `look at the bucket "${location.bucket}"`,
    (connection) =>
      connection.send((client, { GetBucketVersioningCommand }) =>
        client.send(new GetBucketVersioningCommand(connection.bucket)),
      ),
  );
  if (Status === 'Enabled') throw versionedBucket(location.bucket);
}

/** Makes the bucket where it is missing; answers whether it did. Throws as a store does. */
export async function makeBucket(
  location: S3Location,
  options?: S3ConnectionOptions,
): Promise<'made' | 'was there'> {
  try {
    await request(location, options, `look at the bucket "${location.bucket}"`, (connection) =>
      connection.send((client, { ListObjectsV2Command }) =>
        client.send(new ListObjectsV2Command({ ...connection.bucket, MaxKeys: 1 })),
      ),
    );
    return 'was there';
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'storage/not-found') throw error;
  }
  await request(location, options, `make the bucket "${location.bucket}"`, async (connection) => {
    const region = await connection.client.config.region();
    // Servers of one's own know no regions of AWS.
    const isSaid = location.endpoint === undefined && region !== regionUnsaid;
    const place = isSaid && { CreateBucketConfiguration: { LocationConstraint: region as 'eu-west-1' } };
    return connection.send((client, { CreateBucketCommand }) =>
      client.send(new CreateBucketCommand({ ...connection.bucket, ...place })),
    );
  });
  return 'made';
}

async function request<T>(
  location: S3Location,
  options: S3ConnectionOptions | undefined,
  action: string,
  send: (connection: S3Connection) => Promise<T>,
): Promise<T> {
  const connection = await S3Connection.open(location, options);
  try {
    return await send(connection);
  } catch (error) {
    throw storageErrorFrom(error, action, location);
  } finally {
    connection.close();
  }
}
