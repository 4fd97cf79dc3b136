import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HubScratch } from './hub-scratch.ts';

test('of many who claim at once, by the same name on one machine, nobody shares a session', async () => {
  const scratch = await HubScratch.create();
  const slugs = [await scratch.planned('one'), await scratch.planned('two'), await scratch.planned('three')];
  const claims = Array.from({ length: 6 }, () =>
    scratch.mic(['session', 'claim', '--any', '--workspace=none', '--json'], {
      in: scratch.hub,
      exit: 'any',
    }),
  );
  const named = Array.from({ length: 2 }, () =>
    scratch.mic(['session', 'claim', slugs[0]!, '--workspace=none', '--json'], {
      in: scratch.hub,
      exit: 'any',
    }),
  );
  const ended = await Promise.all([...claims, ...named]);
  const got = ended
    .filter(({ code }) => code === 0)
    .map(({ stdout }) => (JSON.parse(stdout) as { slug: string }).slug);
  assert.deepEqual(got.sort(), slugs.sort());
  const lost = ended.filter(({ code }) => code !== 0);
  assert.ok(
    lost.every(({ code }) => code === 9 || code === 10),
    lost.map(({ stdout }) => stdout).join('\n'),
  );
});
