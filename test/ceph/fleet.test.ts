import { before, test } from 'node:test';
import { describeWherePossible } from '../needs.ts';
import { FaultProxy, randomFaults } from './fault-proxy.ts';
import { runFleet } from './fleet.ts';
import { cephLack } from './lack.ts';
import { TestBucket } from './test-bucket.ts';

describeWherePossible('eight processes that land on one project through two gateways', cephLack(), () => {
  let bucket: TestBucket;
  before(async () => {
    bucket = await TestBucket.make();
  });

  // 8 × 100 sessions, and stalls of 30 s: npm run s3-fleet
  test('land each session exactly once, and lose nothing', async (t) => {
    const { endpoints } = bucket.service;
    const { ms } = await runFleet(bucket, 'plain', { processes: 8, sessions: 25, atOnce: 10, endpoints });
    t.diagnostic(`${Math.round(200_000 / ms)} sessions a second`);
  });

  test('do so when one request in twenty fails', async (t) => {
    const proxies = await Promise.all(
      bucket.service.endpoints.map((endpoint, at) => FaultProxy.start(endpoint, randomFaults(20, 511 + at))),
    );
    t.after(() => Promise.all(proxies.map((proxy) => proxy.close())));
    const endpoints = proxies.map(({ endpoint }) => endpoint);
    const plan = { processes: 8, sessions: 8, atOnce: 4, endpoints, stallMsMax: 1000 };
    const { repeats } = await runFleet(bucket, 'faults', plan);
    t.diagnostic(`${repeats} steps repeated`);
  });
});
