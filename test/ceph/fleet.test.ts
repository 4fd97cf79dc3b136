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

  test('land each of 800 sessions exactly once, and lose nothing', async (t) => {
    const { endpoints } = bucket.service;
    const { ms } = await runFleet(bucket, 'plain', { processes: 8, sessions: 100, atOnce: 10, endpoints });
    t.diagnostic(`${Math.round(800_000 / ms)} sessions a second`);
  });

  // All 800, with stalls of 30 s: npm run s3-fleet
  test('do so when one request in twenty fails', async (t) => {
    const proxies = await Promise.all(
      bucket.service.endpoints.map((endpoint, at) => FaultProxy.start(endpoint, randomFaults(20, 511 + at))),
    );
    t.after(() => Promise.all(proxies.map((proxy) => proxy.close())));
    const endpoints = proxies.map(({ endpoint }) => endpoint);
    const plan = { processes: 8, sessions: 12, atOnce: 6, endpoints, stallMsMax: 1000 };
    const { repeats } = await runFleet(bucket, 'faults', plan);
    t.diagnostic(`${repeats} steps repeated`);
  });
});
