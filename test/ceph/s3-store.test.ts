import { before } from 'node:test';
import { objectStoreConformance } from '../../src/storage/object-store.conformance.ts';
import { describeWherePossible } from '../needs.ts';
import { cephLack } from './lack.ts';
import { TestBucket } from './test-bucket.ts';

describeWherePossible('S3Store on Ceph', cephLack(), () => {
  let bucket: TestBucket;
  before(async () => {
    bucket = await TestBucket.make();
  });

  objectStoreConformance(
    'S3Store',
    () => {
      const store = bucket.freshStore();
      return { store, dispose: () => store.close() };
    },
    { keyConflicts: 'unnoticed' },
  );
});
