import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeWherePossible } from '../needs.ts';
import { cephLack } from './lack.ts';
import { largeFileSteps } from './large.ts';
import { TestBucket } from './test-bucket.ts';

/** More than `mic` may have in memory; `npm run s3-large` does the same with 1 GiB and with 100,000 files. */
const fileBytes = 320 * 2 ** 20;
const peakMiBMax = 400;

describeWherePossible('a file that is larger than the memory of mic may grow', cephLack(), () => {
  test('is imported, recorded, read elsewhere and landed', async (t) => {
    const bucket = await TestBucket.make();
    const directory = mkdtempSync(join(tmpdir(), 'micelio-large-'));
    t.after(() => rmSync(directory, { recursive: true, force: true }));
    for (const { what, peakMiB } of largeFileSteps(bucket, directory, fileBytes)) {
      t.diagnostic(`${what}: ${Math.round(peakMiB)} MiB`);
      assert.ok(peakMiB < peakMiBMax, `${what} took ${Math.round(peakMiB)} MiB`);
    }
  });
});
