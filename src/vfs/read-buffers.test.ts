import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadBuffers } from './read-buffers.ts';

test('memory is lent to one reader at a time', () => {
  const buffers = new ReadBuffers();
  const [first, second] = [buffers.take(100_000), buffers.take(100_000)];
  assert.notEqual(first.bytes.buffer, second.bytes.buffer);
  first.release?.();
  const third = buffers.take(1024 * 1024);
  assert.equal(third.bytes.buffer, first.bytes.buffer);
  assert.equal(third.bytes.length, 1024 * 1024);
});

test('what is small, or larger than a client reads at once, is not lent', () => {
  const buffers = new ReadBuffers();
  assert.equal(buffers.take(100).release, undefined);
  assert.equal(buffers.take(1024 * 1024 + 1).release, undefined);
});
