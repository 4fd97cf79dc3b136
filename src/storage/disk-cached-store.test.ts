import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/random.ts';
import { DiskCache } from './disk-cache.ts';
import { DiskCachedStore } from './disk-cached-store.ts';
import { MeasuredStore } from './measured-store.ts';
import { MemoryStore } from './memory-store.ts';
import { objectStoreConformance } from './object-store.conformance.ts';
import type { ObjectKey, ObjectStore, StoredObject } from './object-store.ts';
import { parseKey } from './object-store.ts';

objectStoreConformance('DiskCachedStore that keeps all', () => {
  const directory = mkdtempSync(join(tmpdir(), 'micelio-cache-'));
  const store = new DiskCachedStore(new MemoryStore(), {
    isImmutable: () => true,
    cache: cacheIn(directory, 1 << 30),
    onProblem: assert.ifError,
  });
  return { store, dispose: () => rmSync(directory, { recursive: true }) };
});

const isImmutable = (key: ObjectKey): boolean => key.startsWith('blobs/');
const blob = parseKey('blobs/a');

test('reads an object once, and each range once, for all processes', async (t) => {
  const { directory, inner, reads } = await remote(t, { 'blobs/a': '0123456789', head: 'one' });
  for (const store of [cached(inner, directory), cached(inner, directory)]) {
    for (let n = 0; n < 2; n++) {
      assert.equal(textOf(await store.get(blob)), '0123456789');
      assert.equal(textOf(await store.get(blob, { start: 2, end: 4 })), '23');
      assert.equal(textOf(await store.get(blob, { start: 8, end: 40 })), '89');
      assert.equal(await store.get(parseKey('blobs/none')), undefined);
      assert.equal(textOf(await store.get(parseKey('head'))), 'one');
    }
  }
  // Three entries once, what was absent or may change four times each.
  assert.equal(reads(), 3 + 4 + 4);
  for (const path of filesIn(directory)) assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('takes a damaged file for none, removes it, and makes it anew', async (t) => {
  const { directory, inner, reads } = await remote(t, { 'blobs/a': 'some bytes', 'blobs/b': 'other text' });
  const store = cached(inner, directory);
  await store.get(blob);
  const [path] = filesIn(directory);
  const good = readFileSync(path!);
  const damages: Buffer[] = [
    Buffer.alloc(0),
    good.subarray(0, 10),
    good.subarray(0, -1),
    Buffer.concat([good, good]),
  ];
  for (let bit = 0; bit < good.length * 8; bit++) {
    const flipped = Buffer.from(good);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    damages.push(flipped);
  }
  for (const damage of damages) {
    writeFileSync(path!, damage);
    const before = reads();
    assert.equal(textOf(await store.get(blob)), 'some bytes');
    assert.equal(reads(), before + 1);
    assert.deepEqual(readFileSync(path!), good);
  }
  // A good file of another object is damage, too.
  await store.get(parseKey('blobs/b'));
  writeFileSync(path!, readFileSync(filesIn(directory).find((one) => one !== path)!));
  assert.equal(textOf(await store.get(blob)), 'some bytes');
});

test('removes a damaged file also when there is nothing to replace it', async (t) => {
  const { directory, inner } = await remote(t, { 'blobs/a': 'some bytes' });
  const store = cached(inner, directory);
  await store.get(blob);
  await inner.delete(blob);
  writeFileSync(filesIn(directory)[0]!, 'damage');
  assert.equal(await store.get(blob), undefined);
  assert.deepEqual(filesIn(directory), []);
});

test('forgets an object and its ranges when it is deleted', async (t) => {
  const { directory, inner } = await remote(t, { 'blobs/a': '0123456789' });
  const store = cached(inner, directory);
  await store.get(blob);
  await store.get(blob, { start: 0, end: 5 });
  await store.delete(blob);
  assert.equal(await store.get(blob), undefined);
  assert.equal(await store.get(blob, { start: 0, end: 5 }), undefined);
  assert.deepEqual(filesIn(directory), []);
});

test('evicts what was not used for longest', async (t) => {
  const names = Array.from({ length: 40 }, (_, n) => `blobs/${n}`);
  const { directory, inner, reads } = await remote(
    t,
    Object.fromEntries(names.map((name) => [name, Buffer.alloc(1000)])),
  );
  const roomy = cached(inner, directory, { bytesMax: 1 << 20 });
  for (const [at, name] of names.entries()) {
    await roomy.get(parseKey(name));
    // As if an hour had passed since each of them.
    for (const path of filesIn(directory)) if (at < names.length - 1) age(path, 3600);
  }
  await roomy.get(parseKey('blobs/0'));
  // Room for 20 entries of 1,020 bytes; a draw of 0 sweeps after every write.
  await inner.put(parseKey('blobs/new'), Buffer.alloc(1000));
  const tight = cached(inner, directory, { bytesMax: 20 * 1020, draw: 0 });
  await tight.get(parseKey('blobs/new'));
  assert.equal(filesIn(directory).length, 18);
  const before = reads();
  for (const name of ['blobs/0', 'blobs/39', 'blobs/30', 'blobs/new']) await roomy.get(parseKey(name));
  assert.equal(reads(), before);
  await roomy.get(parseKey('blobs/1'));
  assert.equal(reads(), before + 1);
});

test('stays bounded when many processes write a little each', async (t) => {
  const { directory, inner } = await remote(t, {});
  const bytesMax = 100_000;
  for (let n = 0; n < 400; n++) {
    const key = parseKey(`blobs/${n}`);
    await inner.put(key, Buffer.alloc(1000));
    await cached(inner, directory, { bytesMax }).get(key);
  }
  const bytes = filesIn(directory).reduce((sum, path) => sum + statSync(path).size, 0);
  // To hold twice as much, 98 draws in a row must have failed at odds of 1 to 6: once in 30 million runs.
  assert.ok(bytes < bytesMax * 2, `${bytes}`);
  assert.ok(bytes > bytesMax / 2, `${bytes}`);
});

test('does not keep what would push out much else', async (t) => {
  const { directory, inner } = await remote(t, { 'blobs/a': Buffer.alloc(5000) });
  await cached(inner, directory, { bytesMax: 40_000 }).get(blob);
  assert.deepEqual(filesIn(directory), []);
});

test('does without a cache that does not work, and says so', async (t) => {
  const { directory, inner } = await remote(t, { 'blobs/a': 'some bytes' });
  const file = join(directory, 'file');
  writeFileSync(file, '');
  const problems: Error[] = [];
  const store = cached(inner, join(file, 'in-a-file'), { onProblem: (problem) => problems.push(problem) });
  assert.equal(textOf(await store.get(blob)), 'some bytes');
  await store.delete(blob);
  assert.equal(problems.length, 1);
});

test('an entry is what its page describes', async (t) => {
  const { directory, inner } = await remote(t, { 'blobs/a': 'some bytes' });
  await cached(inner, directory).get(blob);
  const content = readFileSync(join(directory, '95/95532c9b6da4c9129122e70dc722347c'), 'latin1');
  assert.equal(content, 'micelio cache 1\n\x0b\x42\xaf\xd9some bytes');
  await cached(inner, directory).get(blob, { start: 2, end: 40 });
  assert.ok(statSync(join(directory, '95/95532c9b6da4c9129122e70dc722347c.2-40')).isFile());
});

interface CacheSettings {
  readonly bytesMax?: number;
  /** What each draw comes out at, 0 to 255, of 256. */
  readonly draw?: number;
  readonly onProblem?: (problem: Error) => void;
}

function cached(inner: ObjectStore, directory: string, settings: CacheSettings = {}): DiskCachedStore {
  const { bytesMax = 1 << 20, draw, onProblem = assert.ifError } = settings;
  return new DiskCachedStore(inner, { isImmutable, cache: cacheIn(directory, bytesMax, draw), onProblem });
}

function cacheIn(directory: string, bytesMax: number, draw?: number): DiskCache {
  const random =
    draw === undefined ? systemRandom : { bytes: (count: number) => new Uint8Array(count).fill(draw) };
  return new DiskCache({ directory, bytesMax, clock: systemClock, random });
}

async function remote(t: TestContext, contents: Readonly<Record<string, string | Buffer>>) {
  const directory = mkdtempSync(join(tmpdir(), 'micelio-cache-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const inner = new MeasuredStore(new MemoryStore());
  for (const [key, value] of Object.entries(contents)) await inner.put(parseKey(key), Buffer.from(value));
  return { directory, inner, reads: () => inner.snapshot().get.requests };
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function age(path: string, seconds: number): void {
  const { mtimeMs } = statSync(path);
  utimesSync(path, mtimeMs / 1000 - seconds, mtimeMs / 1000 - seconds);
}

function textOf(object: StoredObject | undefined): string | undefined {
  return object && Buffer.from(object.bytes).toString();
}
