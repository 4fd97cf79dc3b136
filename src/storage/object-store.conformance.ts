import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { hasCode } from '../base/error.ts';
import type { ETag, ListOptions, ObjectKey, ObjectStore, WriteOutcome } from './object-store.ts';
import { parseKey } from './object-store.ts';

/** A store to test, empty, and how to get rid of it. */
export interface StoreUnderTest {
  readonly store: ObjectStore;
  readonly dispose?: () => Promise<void> | void;
}

const racers = 50;

export interface ConformanceOptions {
  /** Whether the store notices a key that is a folder of another one; it does unless told otherwise. */
  readonly keyConflicts?: 'refused' | 'unnoticed';
}

/** What every `ObjectStore` must do. `makeStore` gives an empty store for each test. */
export function objectStoreConformance(
  name: string,
  makeStore: () => StoreUnderTest | Promise<StoreUnderTest>,
  { keyConflicts = 'refused' }: ConformanceOptions = {},
): void {
  describe(`${name} is an object store`, () => {
    const made: StoreUnderTest[] = [];
    const fresh = async (): Promise<ObjectStore> => {
      const one = await makeStore();
      made.push(one);
      return one.store;
    };
    after(async () => {
      for (const one of made) await one.dispose?.();
    });

    test('reads what was put, and nothing where nothing was', async () => {
      const store = await fresh();
      assert.equal(await store.get(key('a/b')), undefined);
      await store.put(key('a/b'), bytes('one'));
      assert.equal(await textOf(store, 'a/b'), 'one');
      await store.put(key('a/b'), bytes('two'));
      assert.equal(await textOf(store, 'a/b'), 'two');
      assert.equal(await store.get(key('a')), undefined);
      assert.equal(await store.get(key('a/b/c')), undefined);
    });

    test('keeps an empty object apart from none', async () => {
      const store = await fresh();
      await store.put(key('empty'), bytes(''));
      assert.equal((await store.get(key('empty')))?.bytes.length, 0);
      assert.equal((await store.putIfAbsent(key('empty'), bytes('x'))).outcome, 'refused');
      assert.deepEqual(await listed(store, ''), ['empty 0']);
    });

    test('keeps an object of 8 MiB to the last byte', async () => {
      const store = await fresh();
      const large = new Uint8Array(8 << 20);
      for (let at = 0; at < large.length; at++) large[at] = (at * 31 + (at >>> 11)) & 0xff;
      const created = await store.putIfAbsent(key('large'), large);
      const read = await store.get(key('large'));
      assert.ok(read !== undefined && Buffer.from(large).equals(read.bytes));
      assert.equal(tagOf(created), read.etag);
      const tail = await store.get(key('large'), { start: large.length - 300_000, end: large.length });
      assert.ok(tail !== undefined && Buffer.from(large.subarray(-300_000)).equals(tail.bytes));
      await store.put(key('large'), large.subarray(1));
      assert.equal((await store.get(key('large')))?.bytes.length, large.length - 1);
    });

    test('does not hold on to the buffer of a write that has ended', async () => {
      const store = await fresh();
      const buffer = bytes('before');
      await store.put(key('a'), buffer);
      buffer.fill(0);
      assert.equal(await textOf(store, 'a'), 'before');
    });

    test('reads ranges: inside, to the end, past the end, empty', async () => {
      const store = await fresh();
      await store.put(key('a'), bytes('0123456789'));
      const range = async (start: number, end: number): Promise<string | undefined> => {
        const read = await store.get(key('a'), { start, end });
        return read && Buffer.from(read.bytes).toString();
      };
      assert.equal(await range(2, 5), '234');
      assert.equal(await range(0, 10), '0123456789');
      assert.equal(await range(7, 100), '789');
      assert.equal(await range(10, 12), '');
      assert.equal(await range(50, 60), '');
      assert.equal(await range(4, 4), '');
      assert.equal(await store.get(key('b'), { start: 0, end: 1 }), undefined);
    });

    test(`creates once among ${racers} who try`, async () => {
      const store = await fresh();
      const outcomes = await Promise.all(
        Array.from({ length: racers }, (_, racer) => store.putIfAbsent(key('race'), bytes(`${racer}`))),
      );
      assert.equal(outcomes.filter(({ outcome }) => outcome === 'stored').length, 1);
      const winner = outcomes.findIndex(({ outcome }) => outcome === 'stored');
      assert.equal(await textOf(store, 'race'), `${winner}`);
      assert.equal((await store.get(key('race')))?.etag, tagOf(outcomes[winner]));
    });

    test(`swaps once among ${racers} who try`, async () => {
      const store = await fresh();
      let etag = tagOf(await store.putIfAbsent(key('race'), bytes('start')));
      for (let generation = 0; generation < 3; generation++) {
        const outcomes = await Promise.all(
          Array.from({ length: racers }, (_, racer) =>
            store.compareAndSwap(key('race'), bytes(`${generation} ${racer}`), etag),
          ),
        );
        assert.equal(outcomes.filter(({ outcome }) => outcome === 'stored').length, 1);
        const winner = outcomes.findIndex(({ outcome }) => outcome === 'stored');
        assert.equal(await textOf(store, 'race'), `${generation} ${winner}`);
        etag = tagOf(outcomes[winner]);
      }
    });

    test('swaps only the version that was named', async () => {
      const store = await fresh();
      const a = tagOf(await store.putIfAbsent(key('k'), bytes('A')));
      const b = tagOf(await store.compareAndSwap(key('k'), bytes('B'), a));
      assert.equal((await store.get(key('k')))?.etag, b);
      assert.equal((await store.compareAndSwap(key('k'), bytes('C'), a)).outcome, 'refused');
      assert.equal((await store.compareAndSwap(key('k'), bytes('C'), 'other' as ETag)).outcome, 'refused');
      assert.equal(await textOf(store, 'k'), 'B');
      await store.put(key('k'), bytes('D'));
      assert.equal((await store.compareAndSwap(key('k'), bytes('E'), b)).outcome, 'refused');
      assert.equal(await textOf(store, 'k'), 'D');
    });

    test('swaps A to B to A to C, each with the tag of the version before', async () => {
      const store = await fresh();
      let etag = tagOf(await store.putIfAbsent(key('k'), bytes('A')));
      for (const next of ['B', 'A', 'C']) {
        etag = tagOf(await store.compareAndSwap(key('k'), bytes(next), etag));
        const read = await store.get(key('k'));
        assert.equal(read?.etag, etag);
        assert.equal(Buffer.from(read.bytes).toString(), next);
      }
    });

    test('does not swap what is absent', async () => {
      const store = await fresh();
      const etag = tagOf(await store.putIfAbsent(key('k'), bytes('A')));
      assert.equal((await store.compareAndSwap(key('other'), bytes('B'), etag)).outcome, 'refused');
      await store.delete(key('k'));
      assert.equal((await store.compareAndSwap(key('k'), bytes('B'), etag)).outcome, 'refused');
      assert.deepEqual(await listed(store, ''), []);
    });

    test('deletes, again and again', async () => {
      const store = await fresh();
      await store.delete(key('never'));
      await store.put(key('a/b'), bytes('x'));
      await store.delete(key('a/b'));
      await store.delete(key('a/b'));
      assert.equal(await store.get(key('a/b')), undefined);
      assert.equal((await store.putIfAbsent(key('a/b'), bytes('y'))).outcome, 'stored');
      assert.equal(await textOf(store, 'a/b'), 'y');
    });

    test('lists in the order of the bytes of whole keys', async () => {
      const store = await fresh();
      const keys = ['b', 'a0', 'a/c', 'a-b', 'a/c-d', 'a.b/x', 'Z', '_', 'a/b/d', 'a/b-c'];
      for (const one of keys) await store.put(key(one), bytes(one));
      const inOrder = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.deepEqual(
        await listed(store, ''),
        inOrder.map((one) => `${one} ${one.length}`),
      );
      assert.ok(
        inOrder.indexOf('a-b') < inOrder.indexOf('a/c') && inOrder.indexOf('a/c') < inOrder.indexOf('a0'),
      );
    });

    test('lists by any prefix, and only behind a key', async () => {
      const store = await fresh();
      const keys = ['a/b', 'a/bc/d', 'a/bc/e', 'a/c', 'ab', 'b/a'];
      for (const one of keys) await store.put(key(one), bytes(''));
      const names = async (prefix: string, options?: ListOptions): Promise<string[]> =>
        (await listed(store, prefix, options)).map((line) => line.slice(0, -2));
      assert.deepEqual(await names('a'), ['a/b', 'a/bc/d', 'a/bc/e', 'a/c', 'ab']);
      assert.deepEqual(await names('a/'), ['a/b', 'a/bc/d', 'a/bc/e', 'a/c']);
      assert.deepEqual(await names('a/b'), ['a/b', 'a/bc/d', 'a/bc/e']);
      assert.deepEqual(await names('a/bc/'), ['a/bc/d', 'a/bc/e']);
      assert.deepEqual(await names('a/b/'), []);
      assert.deepEqual(await names('nothing'), []);
      assert.deepEqual(await names('../'), []);
      assert.deepEqual(await names('/'), []);
      for (const prefix of ['', 'a', 'a/b', 'b']) {
        for (const after of [...keys, 'a', 'a-', 'a0', 'zz', '0']) {
          const expected = keys.filter((one) => one.startsWith(prefix) && one > after);
          assert.deepEqual(await names(prefix, { after: key(after) }), expected, `${prefix} after ${after}`);
        }
      }
    });

    test('tells when an object was written', async () => {
      const store = await fresh();
      await store.put(key('a'), bytes('x'));
      for await (const { modifiedMs } of store.list('')) {
        // A day either way: this is about the unit, and clocks may differ.
        assert.ok(Math.abs(modifiedMs - Date.now()) < 86_400_000, `${modifiedMs}`);
      }
    });

    test('refuses keys that are none before it touches anything', async () => {
      const store = await fresh();
      for (const text of [
        '../outside',
        'a/../../outside',
        '/etc/x',
        'a//b',
        'a/',
        '',
        '.tmp/x',
        'a/.b',
        'a\0',
      ]) {
        const forged = text as ObjectKey;
        const refused = (error: unknown) => hasCode(error, 'storage/key-invalid');
        await assert.rejects(store.get(forged), refused, text);
        await assert.rejects(store.put(forged, bytes('x')), refused, text);
        await assert.rejects(store.putIfAbsent(forged, bytes('x')), refused, text);
        await assert.rejects(store.compareAndSwap(forged, bytes('x'), 'tag' as ETag), refused, text);
        await assert.rejects(store.delete(forged), refused, text);
      }
      assert.deepEqual(await listed(store, ''), []);
    });

    test('keeps apart what is written to many keys at once', async () => {
      const store = await fresh();
      const keys = Array.from({ length: 200 }, (_, number) => `d${number % 7}/e${number % 3}/${number}`);
      await Promise.all(keys.map((one) => store.putIfAbsent(key(one), bytes(one))));
      await Promise.all(keys.filter((_, at) => at % 2 === 0).map((one) => store.delete(key(one))));
      for (const [at, one] of keys.entries()) {
        assert.equal(await textOf(store, one), at % 2 === 0 ? undefined : one);
      }
    });

    if (keyConflicts === 'unnoticed') return;

    test('refuses a key that is a folder of another, until that is gone', async () => {
      const store = await fresh();
      const conflict = (error: unknown) => hasCode(error, 'storage/key-conflict');
      await store.put(key('a/b/c'), bytes('x'));
      for (const text of ['a', 'a/b', 'a/b/c/d', 'a/b/c/d/e']) {
        await assert.rejects(store.put(key(text), bytes('y')), conflict, text);
        await assert.rejects(store.putIfAbsent(key(text), bytes('y')), conflict, text);
      }
      assert.deepEqual(await listed(store, ''), ['a/b/c 1']);
      await store.delete(key('a/b/c'));
      await store.put(key('a'), bytes('y'));
      assert.deepEqual(await listed(store, ''), ['a 1']);
      await store.delete(key('a'));
      assert.equal((await store.putIfAbsent(key('a/b'), bytes('y'))).outcome, 'stored');
    });
  });
}

const key = parseKey;
const bytes = (text: string): Buffer => Buffer.from(text);

async function textOf(store: ObjectStore, text: string): Promise<string | undefined> {
  const read = await store.get(key(text));
  return read && Buffer.from(read.bytes).toString();
}

function tagOf(outcome: WriteOutcome | undefined): ETag {
  assert.equal(outcome?.outcome, 'stored');
  return outcome.etag;
}

async function listed(store: ObjectStore, prefix: string, options?: ListOptions): Promise<string[]> {
  const lines: string[] = [];
  for await (const info of store.list(prefix, options)) lines.push(`${info.key} ${info.size}`);
  return lines;
}
