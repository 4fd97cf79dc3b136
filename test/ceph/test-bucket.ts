import { randomBytes } from 'node:crypto';
import { S3Connection } from '../../src/storage/s3/s3-connection.ts';
import { parseS3Location, s3Url } from '../../src/storage/s3/s3-location.ts';
import { S3Store, type S3StoreOptions } from '../../src/storage/s3/s3-store.ts';
import type { S3Service } from './cluster.ts';
import { sharedS3 } from './shared-cluster.ts';

/** A bucket for the tests of a file, with any number of stores in it. */
export class TestBucket {
  readonly service: S3Service;
  readonly name: string;

  /** Makes the bucket, in the S3 service of this run. */
  static async make(): Promise<TestBucket> {
    return TestBucket.makeIn(await sharedS3());
  }

  /** Makes the bucket in a service of the test's own. */
  static async makeIn(service: S3Service): Promise<TestBucket> {
    const bucket = new TestBucket(service, `test-${randomBytes(8).toString('hex')}`);
    const connection = await bucket.connect();
    await connection.send((client, { CreateBucketCommand }) =>
      client.send(new CreateBucketCommand(connection.bucket)),
    );
    connection.close();
    return bucket;
  }

  private constructor(service: S3Service, name: string) {
    this.service = service;
    this.name = name;
  }

  /** A connection to the bucket, for what a store has no words for. */
  connect(): Promise<S3Connection> {
    return S3Connection.open(parseS3Location(this.url('')), this.#credentials);
  }

  get #credentials() {
    const { accessKeyId, secretAccessKey } = this.service;
    return { credentials: { accessKeyId, secretAccessKey } };
  }

  /** What a process needs in its environment to use the bucket. */
  get environment(): Readonly<Record<string, string>> {
    const { accessKeyId, secretAccessKey } = this.service;
    return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  }

  /** The URL of the store behind `prefix`, at one of the gateways or another endpoint. */
  url(prefix: string, endpoint: string = this.service.endpoints[0]!): string {
    return s3Url(parseS3Location(`s3://${this.name}/${prefix}?endpoint=${endpoint}`));
  }

  /** The store behind `prefix`. */
  store(prefix: string, options: S3StoreOptions = {}, endpoint?: string): S3Store {
    return new S3Store(parseS3Location(this.url(prefix, endpoint)), { ...this.#credentials, ...options });
  }

  /** A store that is empty. */
  freshStore(options?: S3StoreOptions, endpoint?: string): S3Store {
    return this.store(`s${randomBytes(6).toString('hex')}`, options, endpoint);
  }
}
