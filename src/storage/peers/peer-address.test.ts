import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../base/error.ts';
import { parsePeerAddress, parsePeerSources, peerName } from './peer-address.ts';

test('reads a list of addresses and names', () => {
  assert.deepEqual(parsePeerSources('a.example:7000, 10.0.0.1:80,[fd00::1]:9,dns:peers.local:7000,'), [
    { kind: 'address', address: { host: 'a.example', port: 7000 } },
    { kind: 'address', address: { host: '10.0.0.1', port: 80 } },
    { kind: 'address', address: { host: 'fd00::1', port: 9 } },
    { kind: 'dns', name: 'peers.local', port: 7000 },
  ]);
  assert.deepEqual(parsePeerSources(' '), []);
});

test('writes an address as it reads it', () => {
  for (const text of ['a.example:7000', '10.0.0.1:80', '[fd00::1]:9']) {
    assert.equal(peerName(parsePeerAddress(text)), text);
  }
});

test('refuses what is no address', () => {
  const wrong = [
    'a',
    'a:',
    ':1',
    'a:0',
    'a:65536',
    'a:1:2',
    'fd00::1:9',
    '[a]:1',
    'a b:1',
    'http://a:1',
    'dns:a',
  ];
  for (const text of wrong) {
    assert.throws(
      () => parsePeerSources(text),
      (error) => hasCode(error, 'storage/peers-invalid'),
      text,
    );
  }
});
