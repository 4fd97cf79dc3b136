import { test } from 'node:test';
import { runFleet } from './agents-fleet.ts';

test('runners on one hub complete each session once, though one is killed', async () => {
  await runFleet({ agents: 3, sessions: 4, hubs: 1, kills: 1, leaseSeconds: 60 }, () => {});
});

test('runners on two hubs of one remote do, too', async () => {
  await runFleet({ agents: 2, sessions: 4, hubs: 2, kills: 1, leaseSeconds: 3 }, () => {});
});
