import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hasCode } from '../base/error.ts';
import { hashOf } from '../base/hash.ts';
import { systemRandom } from '../base/random.ts';
import type { DocumentAccess } from './document.ts';
import { createDocument, leaveDocument, readDocument, swapDocument, updateDocument } from './document.ts';
import type { DocumentFormat } from './document-format.ts';
import { encodeDocument, parseDocument, previousWritersMax } from './document-format.ts';
import type { Fault } from './faulty-store.ts';
import { FaultyStore } from './faulty-store.ts';
import { MemoryStore } from './memory-store.ts';
import type { ObjectStore } from './object-store.ts';
import { parseKey, StorageError } from './object-store.ts';

interface Counter {
  readonly count: number;
}

const counterFormat: DocumentFormat<Counter> = {
  name: 'counter',
  version: 1,
  parse(fields) {
    assert.ok(typeof fields === 'object' && fields !== null && 'count' in fields);
    assert.ok(typeof fields.count === 'number', 'count is not a number');
    assert.deepEqual(Object.keys(fields), ['count']);
    return { count: fields.count };
  },
};

const key = parseKey('counter.json');
const increment = (current: Counter): Counter => ({ count: current.count + 1 });

function accessTo(store: ObjectStore): DocumentAccess {
  return { store, random: systemRandom, sleep: async () => {} };
}

async function countIn(store: ObjectStore): Promise<number | undefined> {
  return (await readDocument(store, key, counterFormat))?.value.count;
}

describe('a document', () => {
  test('is created once, read, and changed', async () => {
    const store = new MemoryStore();
    const access = accessTo(store);
    assert.equal(await readDocument(store, key, counterFormat), undefined);
    assert.equal(await updateDocument(access, key, counterFormat, increment), undefined);
    const created = await createDocument(access, key, counterFormat, { count: 1 });
    assert.deepEqual(created, await readDocument(store, key, counterFormat));
    assert.equal(await createDocument(access, key, counterFormat, { count: 5 }), undefined);
    const updated = await updateDocument(access, key, counterFormat, increment);
    assert.equal(updated?.value.count, 2);
    assert.deepEqual(updated, await readDocument(store, key, counterFormat));
    assert.deepEqual(updated?.previousWriters, [created?.writer]);
  });

  test('is left as it is when the change says so', async () => {
    const store = new MemoryStore();
    const created = await createDocument(accessTo(store), key, counterFormat, { count: 1 });
    const writes = new FaultyStore(store, { count: 'writes' });
    const left = await updateDocument(accessTo(writes), key, counterFormat, () => leaveDocument);
    assert.deepEqual(left, created);
    assert.equal(writes.operations, 0);
  });

  test('is swapped only by who knows the current version', async () => {
    const store = new MemoryStore();
    const access = accessTo(store);
    const first = await createDocument(access, key, counterFormat, { count: 1 });
    assert.ok(first);
    assert.equal((await swapDocument(access, key, counterFormat, first, { count: 2 }))?.value.count, 2);
    assert.equal(await swapDocument(access, key, counterFormat, first, { count: 3 }), undefined);
    for (let n = 0; n < previousWritersMax + 2; n++)
      await updateDocument(access, key, counterFormat, increment);
    assert.equal(await swapDocument(access, key, counterFormat, first, { count: 4 }), undefined);
  });

  test('loses no change of many at once', async () => {
    const store = new MemoryStore();
    const access = { ...accessTo(store), sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
    await createDocument(access, key, counterFormat, { count: 0 });
    await Promise.all(
      Array.from({ length: 40 }, () => updateDocument(access, key, counterFormat, increment)),
    );
    assert.equal(await countIn(store), 40);
  });

  test('gives up on a change for which others are always faster', async () => {
    const store = new MemoryStore();
    const access = accessTo(store);
    await createDocument(access, key, counterFormat, { count: 0 });
    const change = async (current: Counter): Promise<Counter> => {
      await updateDocument(access, key, counterFormat, increment);
      return increment(current);
    };
    await assert.rejects(updateDocument(access, key, counterFormat, change), (error) =>
      hasCode(error, 'storage/unavailable'),
    );
  });

  test('is never written in a form that cannot be read', async () => {
    const store = new MemoryStore();
    const access = accessTo(store);
    const wrong = { count: Number.NaN };
    await assert.rejects(createDocument(access, key, counterFormat, wrong), (error) =>
      hasCode(error, 'storage/corrupt'),
    );
    assert.equal(await store.get(key), undefined);
    const withOwnField = { count: 1, writer: 'me' };
    await assert.rejects(createDocument(access, key, counterFormat, withOwnField), TypeError);
  });
});

describe('a write of unknown outcome', () => {
  for (const fault of ['lose-request', 'lose-answer'] satisfies Fault[]) {
    test(`happens once after ${fault}`, async () => {
      const store = new MemoryStore();
      // To create is one operation; to update is first a read, then the swap.
      const faulty = new FaultyStore(store, { faults: new Map([[1, fault]]) });
      const created = await createDocument(accessTo(faulty), key, counterFormat, { count: 1 });
      assert.deepEqual(created, await readDocument(store, key, counterFormat));
      const onSwap = new FaultyStore(store, { faults: new Map([[2, fault]]) });
      const updated = await updateDocument(accessTo(onSwap), key, counterFormat, increment);
      assert.equal(updated?.value.count, 2);
      assert.deepEqual(updated, await readDocument(store, key, counterFormat));
    });

    test(`happens once after ${fault} on every attempt but the last`, async () => {
      const store = new MemoryStore();
      await createDocument(accessTo(store), key, counterFormat, { count: 1 });
      // The reads in between are the odd operations.
      const faults = new Map([2, 4, 6].map((at) => [at, fault] as const));
      await updateDocument(accessTo(new FaultyStore(store, { faults })), key, counterFormat, increment);
      assert.equal(await countIn(store), 2);
    });

    for (const others of [1, previousWritersMax - 1]) {
      test(`happens once after ${fault} and ${others} writes of others`, async () => {
        const store = new MemoryStore();
        await createDocument(accessTo(store), key, counterFormat, { count: 0 });
        const meddled = meddling(store, fault, others);
        const updated = await updateDocument(accessTo(meddled), key, counterFormat, increment);
        assert.equal(await countIn(store), others + 1);
        assert.equal(updated?.value.count, others + 1);
      });
    }

    test(`is admitted to be unknown after ${fault} and more writes than a document remembers`, async () => {
      const store = new MemoryStore();
      await createDocument(accessTo(store), key, counterFormat, { count: 0 });
      const meddled = meddling(store, fault, previousWritersMax + 1);
      await assert.rejects(updateDocument(accessTo(meddled), key, counterFormat, increment), (error) =>
        hasCode(error, 'storage/unavailable'),
      );
    });
  }

  test('is given up when the store never answers', async () => {
    const store = new MemoryStore();
    await createDocument(accessTo(store), key, counterFormat, { count: 0 });
    const faults = new Map(Array.from({ length: 50 }, (_, at) => [2 * at + 2, 'lose-request'] as const));
    await assert.rejects(
      updateDocument(accessTo(new FaultyStore(store, { faults })), key, counterFormat, increment),
      (error) => hasCode(error, 'storage/unavailable'),
    );
    assert.equal(await countIn(store), 0);
  });
});

/** A store whose first swap meets `fault`, whereupon others write `count` times before anyone reads again. */
function meddling(store: ObjectStore, fault: Fault, count: number): ObjectStore {
  const faulty = new FaultyStore(store, { faults: new Map([[1, fault]]), count: 'writes' });
  const meddled: ObjectStore = Object.create(faulty, {
    get: { value: faulty.get.bind(faulty) },
    compareAndSwap: {
      value: async (...parameters: Parameters<ObjectStore['compareAndSwap']>) => {
        const result = await faulty.compareAndSwap(...parameters);
        if (result.outcome === 'unknown') {
          for (let n = 0; n < count; n++)
            await updateDocument(accessTo(store), key, counterFormat, increment);
        }
        return result;
      },
    },
  });
  return meddled;
}

describe('the format of a document', () => {
  test('is the JSON that its page describes', () => {
    const version = { value: { count: 7 }, writer: 'n2', previousWriters: ['n1', 'n0'] };
    const golden =
      '{"format":"micelio/counter","version":1,"writer":"n2","previousWriters":["n1","n0"],"count":7,"check":"5ca2ca79ff582109"}';
    assert.equal(Buffer.from(encodeDocument(counterFormat, version)).toString(), golden);
    assert.deepEqual(parseDocument(key, counterFormat, Buffer.from(golden)), version);
  });

  test('is refused with any bit of it flipped', () => {
    const whole = encodeDocument(counterFormat, {
      value: { count: 7 },
      writer: 'n2',
      previousWriters: ['n1'],
    });
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const damaged = Buffer.from(whole);
      damaged[bit >>> 3]! ^= 1 << (bit & 7);
      assert.throws(() => parseDocument(key, counterFormat, damaged), StorageError, `bit ${bit}`);
    }
  });

  for (const [what, code, text] of [
    ['no JSON', 'storage/corrupt', '{"format":"micelio/counter",'],
    ['no UTF-8', 'storage/corrupt', Buffer.from([0x22, 0xff, 0x22])],
    ['no object', 'storage/corrupt', '[1]'],
    ['nothing', 'storage/corrupt', ''],
    ['no format', 'storage/format-unknown', '{"count":1}'],
    ['another format', 'storage/format-unknown', '{"format":"micelio/head","version":1,"writer":"w"}'],
    ['a later version', 'storage/format-unknown', '{"format":"micelio/counter","version":2,"writer":"w"}'],
    [
      'no check',
      'storage/corrupt',
      '{"format":"micelio/counter","version":1,"writer":"w","previousWriters":[],"count":1}',
    ],
    [
      'no writer',
      'storage/corrupt',
      sealed('{"format":"micelio/counter","version":1,"previousWriters":[],"count":1}'),
    ],
    [
      'fields amiss',
      'storage/corrupt',
      sealed('{"format":"micelio/counter","version":1,"writer":"w","previousWriters":[]}'),
    ],
  ] as const) {
    test(`refuses ${what} as ${code}`, () => {
      assert.throws(
        () => parseDocument(key, counterFormat, Buffer.from(text)),
        (error) => hasCode(error, code) && error.message.includes('counter.json'),
      );
    });
  }
});

/** A document's text, ending with the check that belongs to it. */
function sealed(text: string): string {
  const body = text.slice(0, -1);
  return `${body},"check":"${hashOf(Buffer.from(body)).slice(0, 16)}"}`;
}
