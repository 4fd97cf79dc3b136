import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
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

/** A store whose readers take what they get, unless they say something else. */
class TrustingStore extends DiskCachedStore {
  override get(...[key, range, check = () => true]: Parameters<ObjectStore['get']>) {
    return super.get(key, range, check);
  }
}

objectStoreConformance('DiskCachedStore that keeps all', () => {
  const directory = mkdtempSync(join(tmpdir(), 'micelio-cache-'));
  const store = new TrustingStore(new MemoryStore(), {
    isImmutable: () => true,
    cache: cacheIn(directory, 1 << 30),
    cachePrefix: '',
    clock: systemClock,
    onProblem: assert.ifError,
  });
  return { store, dispose: () => rmSync(directory, { recursive: true }) };
});

const isImmutable = (key: ObjectKey): boolean => key.startsWith('blobs/');
const blob = parseKey('blobs/a');

test('reads an object once for all processes', async (t) => {
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
  // The object once, and its ranges from it; what was absent or may change four times each.
  assert.equal(reads(), 1 + 4 + 4);
  for (const path of filesIn(directory)) assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('asks the store for whoever cannot check what he gets', async (t) => {
  const { directory, inner, reads } = await remote(t, { 'blobs/a': 'some bytes' });
  const options = { cache: cacheIn(directory, 1 << 20), cachePrefix: '', clock: systemClock };
  const store = new DiskCachedStore(inner, { ...options, isImmutable, onProblem: assert.ifError });
  for (let n = 0; n < 3; n++) assert.equal(textOf(await store.get(blob)), 'some bytes');
  assert.equal(reads(), 3);
  assert.deepEqual(filesIn(directory), []);
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
    Object.fromEntries(names.map((name) => [name, Buffer.alloc(4000)])),
  );
  const roomy = cached(inner, directory, { bytesMax: 1 << 20 });
  for (const [at, name] of names.entries()) {
    await roomy.get(parseKey(name));
    // As if an hour had passed since each of them.
    for (const path of filesIn(directory)) if (at < names.length - 1) age(path, 3600);
  }
  await roomy.get(parseKey('blobs/0'));
  // Room for 20 entries of a block each; a draw of 0 sweeps after every write.
  const tight = cached(inner, directory, { bytesMax: 20 * 4096, draw: 0 });
  await inner.put(parseKey('blobs/new'), Buffer.alloc(100));
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
  const bytesMax = 100 * 4096;
  for (let n = 0; n < 400; n++) {
    const key = parseKey(`blobs/${n}`);
    await inner.put(key, Buffer.alloc(1000));
    await cached(inner, directory, { bytesMax }).get(key);
  }
  const entries = filesIn(directory).length;
  // To hold twice as much, 100 draws in a row must have failed at odds of 16 to 100: once in 30 million runs.
  assert.ok(entries < 200, `${entries}`);
  assert.ok(entries > 50, `${entries}`);
});

test('does not keep what would push out much else, and with no room nothing', async (t) => {
  const { directory, inner } = await remote(t, { 'blobs/a': Buffer.alloc(5000) });
  await cached(inner, directory, { bytesMax: 80_000 }).get(blob);
  await cached(inner, directory, { bytesMax: 0 }).get(blob, { start: 0, end: 1 });
  assert.deepEqual(filesIn(directory), []);
});

test('takes a range from a larger one, or from the whole object', async (t) => {
  const { directory, inner, reads } = await remote(t, { 'blobs/a': '0123456789', 'blobs/b': 'abcdef' });
  const store = cached(inner, directory);
  await store.get(blob, { start: 2, end: 8 });
  await store.get(parseKey('blobs/b'));
  assert.equal(textOf(await store.get(blob, { start: 4, end: 6 })), '45');
  assert.equal(textOf(await store.get(blob, { start: 2, end: 5 }, () => true)), '234');
  assert.equal(textOf(await store.get(parseKey('blobs/b'), { start: 4, end: 9 })), 'ef');
  assert.equal(textOf(await store.get(parseKey('blobs/b'), { start: 1, end: 3 }, () => true)), 'bc');
  assert.equal(reads(), 2);
  assert.equal(textOf(await store.get(blob, { start: 1, end: 5 })), '1234');
  assert.equal(reads(), 3);
});

test('passes over what its reader knows to be wrong, wherever it is kept', async (t) => {
  const { directory, inner, reads } = await remote(t, { 'blobs/a': '0123456789' });
  const store = cached(inner, directory);
  const isRight = (wanted: string) => (bytes: Uint8Array) => Buffer.from(bytes).toString() === wanted;
  const wrong = new MemoryStore();
  await wrong.put(blob, Buffer.from('9876543210'));
  for (const range of [undefined, { start: 0, end: 8 }, { start: 0, end: 4 }]) {
    await cached(wrong, directory).get(blob, range);
  }
  const before = reads();
  assert.equal(textOf(await store.get(blob, { start: 0, end: 4 }, isRight('0123'))), '0123');
  assert.equal(reads(), before + 1);
  assert.equal(textOf(await store.get(blob, { start: 0, end: 4 }, isRight('0123'))), '0123');
  assert.equal(textOf(await store.get(blob)), '0123456789');
  assert.equal(reads(), before + 2);
});

test('keeps what it writes, when that is small', async (t) => {
  const { directory, inner, reads } = await remote(t, {});
  const store = cached(inner, directory, { bytesMax: 1 << 30 });
  await store.put(blob, Buffer.from('abc'));
  await store.put(parseKey('head'), Buffer.from('abc'));
  await store.put(parseKey('blobs/large'), Buffer.alloc(2 << 20));
  assert.equal(filesIn(directory).length, 1);
  assert.equal(textOf(await store.get(blob)), 'abc');
  assert.equal(reads(), 0);
});

test('does without a cache that does not work, and says so once', async (t) => {
  const { directory, inner } = await remote(t, { 'blobs/a': 'some bytes', 'blobs/b': 'more bytes' });
  const file = join(directory, 'file');
  writeFileSync(file, '');
  const problems: Error[] = [];
  const store = cached(inner, join(file, 'in-a-file'), { onProblem: (problem) => problems.push(problem) });
  assert.equal(textOf(await store.get(blob)), 'some bytes');
  assert.equal(textOf(await store.get(parseKey('blobs/b'))), 'more bytes');
  await store.delete(blob);
  assert.deepEqual(
    problems.map(({ message }) => /\((E[A-Z]+)\)/.exec(message)?.[1]),
    ['ENOTDIR'],
  );
});

test('says once that a disk is full, and tries again after a while', async (t) => {
  const { directory, inner } = await remote(t, { 'blobs/a': 'some bytes' });
  const problems: Error[] = [];
  let nowMs = 1_000_000;
  let writes = 0;
  let isFull = true;
  const cache = cacheIn(directory, 1 << 20);
  const write = cache.write.bind(cache);
  cache.write = async (name, range, bytes) => {
    writes++;
    if (isFull) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    await write(name, range, bytes);
  };
  const store = new TrustingStore(inner, {
    ...{ isImmutable, cache, cachePrefix: '', clock: { now: () => nowMs } },
    onProblem: (problem) => problems.push(problem),
  });
  for (let n = 0; n < 5; n++) assert.equal(textOf(await store.get(blob)), 'some bytes');
  assert.equal(writes, 1);
  nowMs += 60_000;
  await store.get(blob);
  assert.equal(writes, 2);
  assert.equal(problems.length, 1);
  isFull = false;
  nowMs += 60_000;
  await store.get(blob);
  assert.equal(filesIn(directory).length, 1);
});

test('serves from a cache that it may not write', { skip: lackOfReadOnly() }, async (t) => {
  const { directory, inner, reads } = await remote(t, { 'blobs/a': 'some bytes', 'blobs/b': 'more' });
  await cached(inner, directory).get(blob);
  for (const path of filesIn(directory)) age(path, 3600);
  const problems: Error[] = [];
  const store = cached(inner, directory, { onProblem: (problem) => problems.push(problem) });
  const before = reads();
  const allowWrites = forbidWrites(directory);
  try {
    assert.equal(textOf(await store.get(blob)), 'some bytes');
    assert.equal(reads(), before);
    assert.equal(textOf(await store.get(parseKey('blobs/b'))), 'more');
    assert.equal(textOf(await store.get(blob, undefined, () => false)), 'some bytes');
  } finally {
    allowWrites();
  }
  assert.equal(problems.length, 1);
});

test('never serves half of what a killed process wrote', async (t) => {
  const { directory, inner, reads } = await remote(t, {});
  const bytes = Buffer.alloc(300_000, 'x');
  for (let n = 0; n < 200; n++) await inner.put(parseKey(`blobs/${n}`), bytes);
  for (let round = 0; round < 3; round++) {
    const writer = spawn(process.execPath, [
      join(import.meta.dirname, 'disk-cache-writer-workload.ts'),
      directory,
    ]);
    await once(writer.stdout, 'data');
    writer.kill('SIGKILL');
    await once(writer, 'exit');
  }
  const store = cached(inner, directory, { bytesMax: 1 << 30 });
  for (let n = 0; n < 200; n++) {
    const object = await store.get(parseKey(`blobs/${n}`));
    assert.ok(object !== undefined && bytes.equals(object.bytes));
  }
  assert.ok(reads() < 200, 'some of what was written is used');
});

test('an entry is what its page describes', async (t) => {
  const { directory, inner } = await remote(t, { 'blobs/a': 'some bytes' });
  await cached(inner, directory).get(blob, { start: 2, end: 40 });
  await cached(inner, directory).get(blob);
  const content = readFileSync(join(directory, '95/95532c9b6da4c9129122e70dc722347c'), 'latin1');
  assert.equal(content, 'micelio cache 1\n\x0b\x42\xaf\xd9some bytes');
  assert.ok(statSync(join(directory, '95/95532c9b6da4c9129122e70dc722347c.2-40')).isFile());
});

interface CacheSettings {
  readonly bytesMax?: number;
  /** What each draw comes out at, 0 to 255, of 256. */
  readonly draw?: number;
  readonly onProblem?: (problem: Error) => void;
}

function cached(inner: ObjectStore, directory: string, settings: CacheSettings = {}): TrustingStore {
  const { bytesMax = 16 << 20, draw, onProblem = assert.ifError } = settings;
  const cache = cacheIn(directory, bytesMax, draw);
  return new TrustingStore(inner, { isImmutable, cache, cachePrefix: '', clock: systemClock, onProblem });
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

/** Only the superuser can make a directory that cannot be written by this process, and others by its permissions. */
function lackOfReadOnly(): string | false {
  if (process.getuid?.() !== 0) return false;
  return process.platform === 'linux' && canMount() ? false : 'the superuser cannot mount here';
}

function canMount(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'micelio-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'none', directory], { stdio: 'ignore' });
    execFileSync('umount', [directory]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Makes a directory one that cannot be written; returns what undoes that. */
function forbidWrites(directory: string): () => void {
  if (process.getuid?.() === 0) {
    execFileSync('mount', ['--bind', directory, directory]);
    execFileSync('mount', ['-o', 'remount,bind,ro', directory]);
    return () => execFileSync('umount', [directory]);
  }
  const folders = readdirSync(directory, { withFileTypes: true }).map((entry) => join(directory, entry.name));
  const setMode = (mode: number): void => {
    for (const path of [directory, ...folders]) chmodSync(path, mode);
  };
  setMode(0o500);
  return () => setMode(0o700);
}
