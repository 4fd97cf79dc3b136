import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { leaseSettings } from './lease-settings.ts';

test('a lease is for a minute, and changes are recorded after five, unless told otherwise', () => {
  assert.deepEqual(leaseSettings({}, {}), { machine: hostname(), termMs: 60_000, recordMs: 300_000 });
  const entries = { machine: 'build-7', leaseSeconds: 90, recordSeconds: 0 };
  assert.deepEqual(leaseSettings({}, entries), { machine: 'build-7', termMs: 90_000, recordMs: 0 });
  const environment = {
    MICELIO_FS_MACHINE: 'laptop',
    MICELIO_FS_LEASE_SECONDS: '1',
    MICELIO_FS_RECORD_SECONDS: '60',
  };
  assert.deepEqual(leaseSettings(environment, entries), {
    machine: 'laptop',
    termMs: 1000,
    recordMs: 60_000,
  });
});

test('seconds that make no sense are refused', () => {
  for (const [name, text] of [
    ['MICELIO_FS_LEASE_SECONDS', '0'],
    ['MICELIO_FS_LEASE_SECONDS', 'soon'],
    ['MICELIO_FS_LEASE_SECONDS', '9999999'],
    ['MICELIO_FS_RECORD_SECONDS', '-1'],
    ['MICELIO_FS_RECORD_SECONDS', '1.5'],
  ] as const) {
    const message = new RegExp(`^${name} is "${text}"\\. Give a whole number`);
    assert.throws(() => leaseSettings({ [name]: text }, {}), { code: 'configuration/invalid', message });
  }
});
