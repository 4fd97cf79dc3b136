import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capabilitiesNeeded, hasCapabilities } from './capabilities.ts';

test('a plan needs what its header says, in any case; without it, nothing', () => {
  assert.deepEqual(capabilitiesNeeded('# Session: x\n\n**Capabilities:** TS, db, ts\n'), ['ts', 'db']);
  assert.deepEqual(capabilitiesNeeded('# Session: x\n\n**Capabilities:**\n\n## Capabilities\n\nts\n'), []);
  assert.ok(hasCapabilities([], []));
  assert.ok(hasCapabilities(['ts', 'db'], ['db']));
  assert.ok(!hasCapabilities(['ts'], ['ts', 'db']));
});
