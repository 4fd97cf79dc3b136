import { test } from 'node:test';
import { scratchHub, slugs } from './fixtures.ts';
import { assertClaimed, claimEach } from './fixtures-race.ts';

test('of agents that claim at once on one hub, each gets a session of its own', async (t) => {
  const planned = slugs(30);
  const hub = scratchHub(t, planned);
  assertClaimed(hub, planned, await claimEach(t, [hub], 20));
});
