import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installS3Rivals, installTestPrograms } from '../scripts/debian-packages.ts';
import { CephCluster } from '../test/ceph/cluster.ts';
import { cephLack } from '../test/ceph/lack.ts';
import { TestBucket } from '../test/ceph/test-bucket.ts';

/** An S3 server in memory that is new, and a bucket in it. */
export interface CephBucket {
  readonly bucket: TestBucket;
  end(): Promise<void>;
}

/** Installs what S3 is measured with. Throws where this machine cannot run it. */
export function prepareCeph(): void {
  installTestPrograms();
  installS3Rivals();
  const lack = cephLack();
  if (lack !== undefined) throw new Error(`This machine cannot run this: ${lack}`);
}

/** Starts an S3 server with two gateways; two to eight seconds. */
export async function startCeph(): Promise<CephBucket> {
  const directory = mkdtempSync(join(tmpdir(), 'mic-s3-'));
  const cluster = await CephCluster.start({ directory, gateways: 2 });
  const end = async (): Promise<void> => {
    await cluster.kill();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    return { bucket: await TestBucket.makeIn(cluster.service), end };
  } catch (error) {
    await end();
    throw error;
  }
}
