import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ScratchRepository } from '../../git/scratch-repository.ts';
import { assertSound, openLedger, scratchHub, slugs } from './fixtures.ts';
import { assertClaimed, claimEach } from './fixtures-race.ts';

/** Hubs that share one remote, whose refs decide. */
function hubsOf(t: TestContext, remote: ScratchRepository, count: number): readonly ScratchRepository[] {
  return Array.from({ length: count }, () => {
    const hub = ScratchRepository.create(t);
    hub.git(['remote', 'add', 'origin', remote.directory]);
    hub.git(['fetch', '-q', 'origin', 'main:main']);
    return hub;
  });
}

test('of agents that claim at once on three hubs of one remote, each gets a session of its own', async (t) => {
  const planned = slugs(30);
  const remote = scratchHub(t, planned, { settings: { authority: 'origin' } });
  const hubs = hubsOf(t, remote, 3);
  const claimed = await claimEach(t, hubs, 20);
  assertClaimed(remote, planned, claimed);
  for (const hub of hubs) {
    assertSound(hub);
    const ledger = await openLedger(t, hub);
    assert.equal((await ledger.list(['active'])).length, claimed.length);
  }
});
