import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashFromBytes, hashOf, parseHash, writeHash } from './hash.ts';

test('a hash is the SHA-256 in lower case, as text and as bytes', () => {
  const hash = hashOf(Buffer.from('abc'));
  assert.equal(hash, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  const bytes = Buffer.alloc(40, 0xee);
  assert.equal(writeHash(bytes, hash, 3), 35);
  assert.equal(hashFromBytes(bytes, 3), hash);
});

test('what is no hash is refused', () => {
  const hash = hashOf(Buffer.from('abc'));
  assert.equal(parseHash(hash), hash);
  for (const text of ['', hash.slice(1), `${hash}0`, hash.toUpperCase(), `${hash}\n`, `../${hash.slice(3)}`])
    assert.throws(() => parseHash(text), { code: 'base/hash-invalid' });
});
