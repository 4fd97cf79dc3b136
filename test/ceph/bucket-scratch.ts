import { MountScratch } from '../mounts.ts';
import type { TestBucket } from './test-bucket.ts';

/** A machine of its own, as far as processes can tell, whose `mic` uses the store behind a prefix of a bucket. */
export class BucketScratch extends MountScratch {
  readonly #prefix: string;
  readonly #bucket: () => TestBucket;
  readonly #gateway: number;

  /** `bucket` is asked once there are processes; `gateway` is the one by which they reach it. */
  constructor(prefix: string, bucket: () => TestBucket, gateway = 0) {
    super(`mic-${prefix}`);
    this.#prefix = prefix;
    this.#bucket = bucket;
    this.#gateway = gateway;
  }

  override get environment(): Record<string, string> {
    const bucket = this.#bucket();
    const url = bucket.url(this.#prefix, bucket.service.endpoints[this.#gateway]!);
    return { ...super.environment, ...bucket.environment, MICELIO_STORE: url };
  }
}
