import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from './campaign.ts';

test('thousands of malformed records break nothing', async () => {
  const { replies, records } = await fuzz(20_000, Date.now());
  assert.equal(records, 20_000);
  // The calls reach the procedures, and not only what refuses them.
  for (const what of ['status 0', 'status 2', 'status 10001', 'refused 4', 'refused 1', 'denied 1'])
    assert.ok((replies[what] ?? 0) > 10, `${what}: ${replies[what]}`);
});
