import { before } from 'node:test';
import { landingConformance } from '../landing.conformance.ts';
import { describeWherePossible } from '../needs.ts';
import { cephLack } from './lack.ts';
import { TestBucket } from './test-bucket.ts';

describeWherePossible('landing on projects in a bucket', cephLack(), () => {
  let bucket: TestBucket;
  before(async () => {
    bucket = await TestBucket.make();
  });
  landingConformance('S3', () => bucket.freshStore(), { crashStep: 3 });
});
