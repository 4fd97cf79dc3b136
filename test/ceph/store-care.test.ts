import { before } from 'node:test';
import { describeWherePossible } from '../needs.ts';
import { storeCareConformance } from '../store-care.conformance.ts';
import { ClockedStore } from './clocked-store.ts';
import { cephLack } from './lack.ts';
import { TestBucket } from './test-bucket.ts';

describeWherePossible('the care of a store in a bucket', cephLack(), () => {
  let bucket: TestBucket;
  before(async () => {
    bucket = await TestBucket.make();
  });
  // An odd step: crashes before and after an operation take turns.
  storeCareConformance('S3', (clock) => new ClockedStore(bucket.freshStore(), clock), { crashStep: 9 });
});
