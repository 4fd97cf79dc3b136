import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DuplicateRequestCache } from './duplicate-request-cache.ts';

const key = (text: string, address = '127.0.0.1') => DuplicateRequestCache.key(address, Buffer.from(text));
const nobody = (): void => assert.fail('nobody waits');

describe('the memory of answered calls', () => {
  test('has the answer of a call that comes again, from the same address only', () => {
    const cache = new DuplicateRequestCache(10, 1000);
    assert.equal(cache.begin(key('call'), nobody), 'begun');
    cache.end(key('call'), Buffer.from('answer'));
    assert.deepEqual(cache.begin(key('call'), nobody), Buffer.from('answer'));
    assert.equal(cache.begin(key('other'), nobody), 'begun');
    assert.equal(cache.begin(key('call', '10.0.0.1'), nobody), 'begun');
  });

  test('lets those wait who ask while the call is under way, but not everybody', () => {
    const cache = new DuplicateRequestCache(10, 1000);
    const answers: string[] = [];
    cache.begin(key('call'), nobody);
    for (let i = 0; i < 100; i++)
      assert.equal(
        cache.begin(key('call'), (reply) => answers.push(reply.toString())),
        'waiting',
      );
    cache.end(key('call'), Buffer.from('answer'));
    assert.deepEqual(answers, Array(8).fill('answer'));
  });

  test('forgets what has not happened, and tells those who wait', () => {
    const cache = new DuplicateRequestCache(10, 1000);
    const answers: string[] = [];
    cache.begin(key('call'), nobody);
    cache.begin(key('call'), (reply) => answers.push(reply.toString()));
    cache.forget(key('call'), Buffer.from('failed'));
    assert.deepEqual(answers, ['failed']);
    assert.equal(cache.begin(key('call'), nobody), 'begun');
  });

  test('forgets the oldest when there are too many, or too many bytes', () => {
    const cache = new DuplicateRequestCache(10, 1000);
    for (let i = 0; i < 100; i++) {
      cache.begin(key(`call ${i}`), nobody);
      cache.end(key(`call ${i}`), Buffer.alloc(50));
      assert.ok(cache.size <= 10 && cache.bytes <= 500);
    }
    assert.equal(cache.begin(key('call 0'), nobody), 'begun');
    assert.ok(Buffer.isBuffer(cache.begin(key('call 99'), nobody)));
    cache.begin(key('large'), nobody);
    cache.end(key('large'), Buffer.alloc(990));
    // And the one that is still under way.
    assert.deepEqual([cache.size, cache.bytes], [2, 990]);
  });

  test('holds nothing of a call that was forgotten before it ended', () => {
    const cache = new DuplicateRequestCache(1, 1000);
    cache.begin(key('a'), nobody);
    cache.begin(key('b'), nobody);
    cache.end(key('a'), Buffer.alloc(10));
    assert.deepEqual([cache.size, cache.bytes], [1, 0]);
  });
});
