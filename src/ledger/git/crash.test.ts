import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { agentAda, assertSound, folderNames, lockLines, openLedger, scratchHub, slugs } from './fixtures.ts';
import { startAgent } from './fixtures-race.ts';

test('agents that are killed leave nothing that the others cannot go on with', async (t) => {
  const planned = slugs(24);
  const hub = scratchHub(t, planned, { bare: false });
  const ledger = await openLedger(t, hub);
  const landed = new Map<string, number>();
  const count = (lines: readonly string[]) => {
    for (const line of lines.filter((text) => text.startsWith('landed'))) {
      const slug = line.split(' ')[1]!;
      landed.set(slug, (landed.get(slug) ?? 0) + 1);
    }
  };
  for (let round = 0; round < 3; round++) {
    const agents = Array.from({ length: 3 }, (_, i) => startAgent(t, hub, `agent-${round}-${i}`, 'land'));
    for (const { child, begun } of agents) {
      await begun;
      await sleep(randomInt(60));
      child.kill('SIGKILL');
    }
    for (const { ended } of agents) count((await ended).lines);
  }
  const last = startAgent(t, hub, 'last', 'land');
  const { code, lines, errors } = await last.ended;
  assert.equal(code, 0, errors);
  count(lines);
  // What the killed ones had is taken over, and done.
  for (const { slug } of await ledger.list(['active'])) {
    const { value } = await ledger.takeOver({ slug, by: agentAda, mode: 'now' });
    await ledger.complete({ token: value.claim });
  }
  await ledger.mend();
  assertSound(hub);
  assert.deepEqual(folderNames(hub, 'completed'), [...planned].sort());
  assert.deepEqual(lockLines(hub), []);
  assert.equal(hub.git(['for-each-ref', 'refs/claims']), '');
  for (const [slug, times] of landed) assert.equal(times, 1, slug);
  // Whoever was killed may have kept the index, until the next one came.
  assert.equal(hub.git(['status', '--porcelain']), '');
});
