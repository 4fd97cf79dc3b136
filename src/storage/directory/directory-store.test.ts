import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { hasCode } from '../../base/error.ts';
import { objectStoreConformance } from '../object-store.conformance.ts';
import type { ObjectStore } from '../object-store.ts';
import { parseKey } from '../object-store.ts';
import { DirectoryStore } from './directory-store.ts';

objectStoreConformance('DirectoryStore', () => {
  const root = mkdtempSync(join(tmpdir(), 'micelio-store-'));
  const store = new DirectoryStore(join(root, 'store'));
  return {
    store,
    dispose: () => {
      store.close();
      rmSync(root, { recursive: true });
    },
  };
});

const bytes = Buffer.from('some bytes');

describe('the directory of a store', () => {
  test('has each object as a plain file, for its owner only', async (t) => {
    const root = join(temporaryDirectory(t), 'not', 'yet', 'there');
    const store = openStore(t, root);
    await store.put(parseKey('a/b'), bytes);
    await store.putIfAbsent(parseKey('c'), bytes);
    assert.deepEqual(readFileSync(join(root, 'a/b')), bytes);
    assert.equal(statSync(join(root, 'a/b')).mode & 0o777, 0o600);
    for (const folder of ['', 'a', '.tmp', '.locks']) {
      assert.equal(statSync(join(root, folder)).mode & 0o777, 0o700, folder);
    }
    assert.deepEqual(readdirSync(root).sort(), ['.locks', '.tmp', 'a', 'c']);
    assert.deepEqual(readdirSync(join(root, '.tmp')), []);
  });

  test('is not made by reading, and loses its folders with the last object in them', async (t) => {
    const root = join(temporaryDirectory(t), 'store');
    const store = openStore(t, root);
    assert.equal(await store.get(parseKey('a')), undefined);
    assert.deepEqual(await keysOf(store), []);
    await store.delete(parseKey('a'));
    assert.equal(statSync(root, { throwIfNoEntry: false }), undefined);
    await store.put(parseKey('a/b/c'), bytes);
    await store.put(parseKey('a/d'), bytes);
    await store.delete(parseKey('a/b/c'));
    assert.deepEqual(readdirSync(join(root, 'a')), ['d']);
    await store.delete(parseKey('a/d'));
    assert.deepEqual(readdirSync(root).sort(), ['.locks', '.tmp']);
  });

  test('is made anew when somebody has removed it', async (t) => {
    const root = join(temporaryDirectory(t), 'store');
    const store = openStore(t, root);
    await store.put(parseKey('a'), bytes);
    rmSync(root, { recursive: true });
    await assert.rejects(store.putIfAbsent(parseKey('a'), bytes), (error) =>
      hasCode(error, 'storage/unavailable'),
    );
    assert.equal((await store.putIfAbsent(parseKey('a'), bytes)).outcome, 'stored');
  });

  test('may hold what is no object', async (t) => {
    const root = temporaryDirectory(t);
    const store = openStore(t, root);
    await store.put(parseKey('a/b'), bytes);
    writeFileSync(join(root, 'a', '.hidden'), 'x');
    writeFileSync(join(root, 'a', 'no key'), 'x');
    mkdirSync(join(root, 'a', '~folder'));
    symlinkSync('/', join(root, 'a', 'link'));
    assert.deepEqual(await keysOf(store), ['a/b']);
  });

  test('sweeps what crashed processes left before a time, and only counts it in a dry run', async (t) => {
    const root = temporaryDirectory(t);
    const store = openStore(t, root);
    const beforeMs = Date.now() - 3_600_000;
    assert.equal(await store.sweep('', { beforeMs, mode: 'sweep' }), 0);
    await store.put(parseKey('a'), bytes);
    for (const [name, ageMs] of Object.entries({ old: 7_200_000, new: 60_000 })) {
      writeFileSync(join(root, '.tmp', name), 'x');
      utimesSync(join(root, '.tmp', name), (Date.now() - ageMs) / 1000, (Date.now() - ageMs) / 1000);
    }
    assert.equal(await store.sweep('', { beforeMs, mode: 'dry run' }), 1);
    assert.equal(await store.sweep('', { beforeMs, mode: 'sweep' }), 1);
    assert.deepEqual(readdirSync(join(root, '.tmp')), ['new']);
    assert.deepEqual(await keysOf(store), ['a']);
  });

  test('is rid of temporary files that are old and whose process is gone', async (t) => {
    const root = temporaryDirectory(t);
    mkdirSync(join(root, '.tmp'));
    const gone = Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));
    const now = Date.now();
    const hour = 3_600_000;
    const age = {
      [`${gone}-old`]: 2 * hour,
      [`${gone}-new`]: hour / 2,
      [`${process.pid}-old`]: 2 * hour,
      junk: 2 * hour,
    };
    for (const [name, ageMs] of Object.entries(age)) {
      writeFileSync(join(root, '.tmp', name), 'x');
      utimesSync(join(root, '.tmp', name), (now - ageMs) / 1000, (now - ageMs) / 1000);
    }
    let time = now;
    const store = openStore(t, root, { clock: { now: () => time } });
    await store.put(parseKey('a'), bytes);
    assert.deepEqual(readdirSync(join(root, '.tmp')).sort(), [`${gone}-new`, `${process.pid}-old`].sort());
    time += hour;
    await store.put(parseKey('a'), bytes);
    assert.deepEqual(readdirSync(join(root, '.tmp')), [`${process.pid}-old`]);
  });
});

describe('the locks of a store', () => {
  test('lie where their page says, and stay empty', async (t) => {
    const root = temporaryDirectory(t);
    const store = openStore(t, root);
    await store.put(parseKey('a'), bytes);
    await store.put(parseKey('projects/p/head.json'), bytes);
    await store.inTurn(parseKey('a'), async () => {});
    assert.deepEqual(readdirSync(join(root, '.locks'), { recursive: true }).sort(), [
      '0a',
      '19',
      'turns',
      'turns/0a',
    ]);
    for (const name of ['0a', '19', 'turns/0a']) assert.equal(statSync(join(root, '.locks', name)).size, 0);
  });

  test('let work on one key be done in turn, and nobody wait for a turn in vain', async (t) => {
    const root = temporaryDirectory(t);
    const [first, second] = [openStore(t, root), openStore(t, root)];
    const key = parseKey('a');
    let atWork = 0;
    const work = async () => {
      assert.equal(++atWork, 1);
      await setTimeout(2);
      atWork--;
    };
    await Promise.all(Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? first : second).inTurn(key, work)));
    await assert.rejects(
      first.inTurn(key, async () => {
        throw new RangeError('mine');
      }),
      RangeError,
    );
    rmSync(join(root, '.locks', 'turns'), { recursive: true });
    writeFileSync(join(root, '.locks', 'turns'), '');
    assert.equal(await openStore(t, root).inTurn(key, async () => 'done'), 'done');
  });

  test('keep writers apart, in order, and not readers', async (t) => {
    const root = temporaryDirectory(t);
    const store = openStore(t, root);
    const key = parseKey('a');
    await store.put(key, bytes);
    const unlock = lockAll(root);
    const order: number[] = [];
    const writes = [1, 2, 3].map(async (n) => {
      await store.put(key, Buffer.from(`${n}`));
      order.push(n);
    });
    assert.deepEqual(Buffer.from((await store.get(key))!.bytes), bytes);
    assert.equal((await store.putIfAbsent(parseKey('b'), bytes)).outcome, 'stored');
    assert.deepEqual(order, []);
    unlock();
    await Promise.all(writes);
    assert.equal(order.length, 3);
  });

  test('are waited for a limited time', async (t) => {
    const root = temporaryDirectory(t);
    let sleptMs = 0;
    const sleep = async (ms: number): Promise<void> => {
      sleptMs += ms;
    };
    const store = openStore(t, root, { lockWaitMsMax: 500, sleep });
    await store.put(parseKey('a'), bytes);
    const unlock = lockAll(root);
    const unavailable = (error: unknown): boolean => hasCode(error, 'storage/unavailable');
    await Promise.all([
      assert.rejects(store.put(parseKey('a'), Buffer.from('new')), unavailable),
      assert.rejects(store.delete(parseKey('a')), unavailable),
    ]);
    assert.ok(sleptMs > 500 && sleptMs < 2000, `${sleptMs}`);
    assert.deepEqual(readdirSync(join(root, '.tmp')), []);
    unlock();
    assert.deepEqual(Buffer.from((await store.get(parseKey('a')))!.bytes), bytes);
    await store.put(parseKey('a'), Buffer.from('new'));
  });

  test('hold between two stores of one process', async (t) => {
    const root = temporaryDirectory(t);
    const stores = [openStore(t, root), openStore(t, root)];
    const key = parseKey('count');
    await stores[0]!.put(key, Buffer.from('0'));
    const increment = async (store: ObjectStore): Promise<void> => {
      for (;;) {
        const { bytes: text, etag } = (await store.get(key))!;
        const next = Buffer.from(`${Number(Buffer.from(text).toString()) + 1}`);
        if ((await store.compareAndSwap(key, next, etag)).outcome === 'stored') return;
      }
    };
    await Promise.all(Array.from({ length: 40 }, (_, n) => increment(stores[n % 2]!)));
    assert.equal(Buffer.from((await stores[1]!.get(key))!.bytes).toString(), '40');
  });
});

function openStore(
  t: TestContext,
  root: string,
  options: ConstructorParameters<typeof DirectoryStore>[1] = {},
): DirectoryStore {
  const store = new DirectoryStore(root, options);
  t.after(() => store.close());
  return store;
}

function temporaryDirectory(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'micelio-store-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

/** Takes all locks of a store, as other processes would; returns what lets them go. */
function lockAll(root: string): () => void {
  const databases = Array.from({ length: 64 }, (_, shard) => {
    const database = new DatabaseSync(join(root, '.locks', shard.toString(16).padStart(2, '0')));
    database.exec('BEGIN IMMEDIATE');
    return database;
  });
  return () => {
    for (const database of databases) database.close();
  };
}

async function keysOf(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
}
