import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFiles } from '../bench/files.ts';
import { CephCluster } from '../test/ceph/cluster.ts';
import { cephLack } from '../test/ceph/lack.ts';
import { type LargeStep, largeFileSteps, manyFilesSteps } from '../test/ceph/large.ts';
import { TestBucket } from '../test/ceph/test-bucket.ts';
import { installTestPrograms } from './debian-packages.ts';

/**
 * `npm run s3-large`: what is too large for the tests. A file of 1 GiB through S3 and back, and 100,000 files of 1 GB.
 * Prints how fast, and fails where a process of `mic` had 400 MiB or more, or something came back different.
 */
const peakMiBMax = 400;
const largeFileBytes = 2 ** 30;
const many = { count: 100_000, bytes: 1e9 };

installTestPrograms();
const lack = cephLack();
if (lack !== undefined) {
  console.error(`This machine cannot run this: ${lack}`);
  process.exit(2);
}
const cluster = mkdtempSync(join(tmpdir(), 'mic-s3-'));
const scratch = mkdtempSync(join(tmpdir(), 'micelio-large-'));
let ceph: CephCluster | undefined;
try {
  ceph = await CephCluster.start({ directory: cluster });
  const bucket = await TestBucket.makeIn(ceph.service);
  console.log('| step | seconds | MB/s | memory at its peak, MiB |\n|---|---|---|---|');
  for (const step of largeFileSteps(bucket, scratch, largeFileBytes)) report(step);
  const files = join(scratch, 'files');
  makeFiles(files, many.count, many.bytes);
  for (const step of manyFilesSteps(bucket, scratch, files, many)) report(step);
} finally {
  await ceph?.kill();
  for (const directory of [cluster, scratch]) rmSync(directory, { recursive: true, force: true });
}

function report({ what, bytes, ms, peakMiB }: LargeStep): void {
  const isTooMuch = peakMiB >= peakMiBMax;
  if (isTooMuch) process.exitCode = 1;
  const peak = isTooMuch ? `**${Math.round(peakMiB)}**` : Math.round(peakMiB);
  console.log(`| ${what} | ${(ms / 1000).toFixed(1)} | ${Math.round(bytes / ms / 1000)} | ${peak} |`);
}
