import { before } from 'node:test';
import { machinesConformance } from '../machines.conformance.ts';
import { Machine } from '../machines.ts';
import { describeWherePossible } from '../needs.ts';
import { cephLack } from './lack.ts';
import { TestBucket } from './test-bucket.ts';

describeWherePossible('sessions across machines on a bucket', cephLack(), () => {
  let bucket: TestBucket;
  let prefixes = 0;
  before(async () => {
    bucket = await TestBucket.make();
  });
  machinesConformance(async () => {
    const prefix = `machines-${prefixes++}`;
    let gateways = 0;
    // Each machine has another gateway.
    return (name, own = {}) => {
      const { endpoints } = bucket.service;
      const url = bucket.url(prefix, endpoints[gateways++ % endpoints.length]!);
      return new Machine(name, { ...bucket.environment, MICELIO_STORE: url, ...own });
    };
  });
});
