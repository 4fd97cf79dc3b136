import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasCode } from '../base/error.ts';
import { tierSettings } from './tier-settings.ts';

const isInvalid = (error: unknown) => hasCode(error, 'configuration/invalid');

test('what nobody has set is 2 GiB of the disk, and no peers', () => {
  assert.deepEqual(tierSettings({}, {}, '/c'), { cache: '/c', cacheBytes: 2 ** 31, peers: undefined });
});

test('the environment goes before the file', () => {
  const file = { cacheBytes: 5, peers: { found: 'a:1', listen: '7', tokenFile: '/none' } };
  assert.equal(tierSettings({}, file, '/c').cacheBytes, 5);
  const { cacheBytes, peers } = tierSettings(
    {
      MICELIO_CACHE_BYTES: '0',
      MICELIO_PEERS: 'b:2',
      MICELIO_PEERS_LISTEN: '8',
      MICELIO_PEERS_TOKEN: 'secret',
    },
    file,
    '/c',
  );
  assert.deepEqual([cacheBytes, peers?.found, peers?.listen, peers?.readToken()], [0, 'b:2', '8', 'secret']);
});

test('refuses what is no number of bytes', () => {
  for (const bytes of ['2G', '-1', '1.5', ' 1', '1e9']) {
    assert.throws(() => tierSettings({ MICELIO_CACHE_BYTES: bytes }, {}, '/c'), isInvalid);
  }
});

test('reads the token when it is needed, from its file', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'micelio-tiers-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'token');
  const { peers } = tierSettings({ MICELIO_PEERS: 'a:1', MICELIO_PEERS_TOKEN_FILE: path }, {}, '/c');
  assert.throws(() => peers!.readToken(), isInvalid);
  writeFileSync(path, 'secret\n');
  assert.equal(peers!.readToken(), 'secret');
  assert.throws(() => tierSettings({ MICELIO_PEERS: 'a:1' }, {}, '/c').peers!.readToken(), isInvalid);
});
