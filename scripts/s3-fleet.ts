import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CephCluster } from '../test/ceph/cluster.ts';
import { type FaultPlan, FaultProxy, randomFaults } from '../test/ceph/fault-proxy.ts';
import { runFleet } from '../test/ceph/fleet.ts';
import { cephLack } from '../test/ceph/lack.ts';
import { TestBucket } from '../test/ceph/test-bucket.ts';
import { installTestPrograms } from './debian-packages.ts';

/**
 * `npm run s3-fleet`: what takes too long for the tests. Eight processes land 100 sessions each on one project through
 * two gateways, behind proxies in which one request in `--one-in` fails (0: none), stalls of 30 s included; `--processes`,
 * `--sessions`, `--at-once` and `--seed` say otherwise. Fails unless each landed exactly once and nothing was lost.
 */
const { values } = parseArgs({
  options: {
    processes: { type: 'string', default: '8' },
    sessions: { type: 'string', default: '100' },
    'at-once': { type: 'string', default: '10' },
    'one-in': { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
});
const oneIn = Number(values['one-in']);
const seed = Number(values.seed);
const plan = (at: number): FaultPlan => (oneIn === 0 ? () => undefined : randomFaults(oneIn, seed + at));

installTestPrograms();
const lack = cephLack();
if (lack !== undefined) {
  console.error(`This machine cannot run this: ${lack}`);
  process.exit(2);
}
const directory = mkdtempSync(join(tmpdir(), 'mic-s3-'));
let cluster: CephCluster | undefined;
const proxies: FaultProxy[] = [];
try {
  cluster = await CephCluster.start({ directory, gateways: 2 });
  const bucket = await TestBucket.makeIn(cluster.service);
  for (const [at, gateway] of cluster.service.endpoints.entries()) {
    proxies.push(await FaultProxy.start(gateway, plan(at)));
  }
  const fleet = {
    processes: Number(values.processes),
    sessions: Number(values.sessions),
    atOnce: Number(values['at-once']),
    endpoints: proxies.map(({ endpoint }) => endpoint),
  };
  console.log(`${fleet.processes} × ${fleet.sessions} sessions, one request in ${oneIn} fails, seed ${seed}`);
  const { ms, repeats } = await runFleet(bucket, 'fleet', fleet);
  const sessions = fleet.processes * fleet.sessions;
  const requests = proxies.reduce((sum, proxy) => sum + proxy.requests, 0);
  console.log(
    `each landed once, nothing lost: ${(ms / 1000).toFixed(1)} s, ${((sessions * 1000) / ms).toFixed(1)} sessions/s, ${(requests / sessions).toFixed(1)} requests a session, ${repeats} steps done again`,
  );
  const made = new Map<string, number>();
  for (const [fault, count] of proxies.flatMap((proxy) => [...proxy.made])) {
    made.set(fault, (made.get(fault) ?? 0) + count);
  }
  console.log([...made].map(([fault, count]) => `${fault} ${count}`).join(', '));
} finally {
  await Promise.all(proxies.map((proxy) => proxy.close()));
  await cluster?.kill();
  rmSync(directory, { recursive: true, force: true });
}
