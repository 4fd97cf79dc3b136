import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { hasCode, MicelioError } from '../../base/error.ts';
import { etagOf } from '../content-etag.ts';
import { parseKey } from '../object-store.ts';
import { DirectoryStore } from './directory-store.ts';
import { contentsAfter, contentsOf, workload } from './directory-store-workload.ts';
import type { Disk } from './disk.ts';
import { realDisk } from './disk.ts';
import type { DiskStep } from './stepped-disk.ts';
import { steppedDisk } from './stepped-disk.ts';

describe('a disk that fails once, at any step of any write', () => {
  for (const [systemCode, code] of [
    ['ENOSPC', 'storage/full'],
    ['EDQUOT', 'storage/full'],
    ['EACCES', 'storage/denied'],
    ['EROFS', 'storage/denied'],
    ['EIO', 'storage/unavailable'],
  ] as const) {
    test(`with ${systemCode} leaves the old state or says that it may have written`, async (t) => {
      let failures = 0;
      for (const [at, write] of workload.entries()) {
        for (let step = 1; ; step++) {
          const { store, root, arm, fired } = await storeBefore(t, at);
          arm(step, systemCode);
          const result = await write.run(store).catch((error: unknown) => error);
          if (!fired()) break;
          failures++;
          const held = await contentsOf(store);
          if (result instanceof Error) {
            assert.ok(result instanceof MicelioError, `${result.stack}`);
            // Writes that can simply be repeated may have happened when the store was unavailable; no others.
            const maybeWritten =
              hasCode(result, 'storage/unavailable') && !isDeepEqual(held, contentsAfter(at));
            assert.deepEqual(held, contentsAfter(maybeWritten ? at + 1 : at));
            assert.ok(hasCode(result, code) || maybeWritten, `${at}.${step}: ${result.message}`);
          } else {
            assert.deepEqual(held, contentsAfter(at + 1));
          }
          await write.run(store);
          assert.deepEqual(await contentsOf(store), contentsAfter(at + 1), `${at}.${step} repeated`);
          assert.ok(readdirSync(join(root, '.tmp')).length <= 1);
          store.close();
        }
      }
      assert.ok(failures > workload.length * 4, `${failures}`);
    });
  }
});

describe('what would survive a power cut', () => {
  for (const [what, prepare, run, expected] of [
    [
      'a new object in new folders',
      async () => {},
      (store: DirectoryStore) => store.putIfAbsent(parseKey('a/b/c'), Buffer.from('x')),
      [
        'createFile .tmp/*, write, flush, close',
        'link a/b/c, makeDirectory a/b, makeDirectory a, flushDirectory .',
        'makeDirectory a/b, flushDirectory a, link a/b/c',
        'flushDirectory a/b, remove .tmp/*',
      ],
    ],
    [
      'an object put over another',
      (store: DirectoryStore) => store.put(parseKey('a/b'), Buffer.from('x')),
      (store: DirectoryStore) => store.put(parseKey('a/b'), Buffer.from('y')),
      ['createFile .tmp/*, write, flush, close, rename a/b, flushDirectory a'],
    ],
    [
      'an object swapped for another',
      (store: DirectoryStore) => store.put(parseKey('a/b'), Buffer.from('x')),
      (store: DirectoryStore) =>
        store.compareAndSwap(parseKey('a/b'), Buffer.from('y'), etagOf(Buffer.from('x'))),
      ['createFile .tmp/*, write, flush, close, rename a/b, flushDirectory a'],
    ],
    [
      'a large object',
      async () => {},
      (store: DirectoryStore) => store.put(parseKey('a'), Buffer.alloc(1 << 20)),
      ['createFile .tmp/*, writeInBackground, flushInBackground, close, rename a, flushDirectory .'],
    ],
    [
      'a removal',
      (store: DirectoryStore) => store.put(parseKey('a/b'), Buffer.from('x')),
      (store: DirectoryStore) => store.delete(parseKey('a/b')),
      ['remove a/b, flushDirectory a, removeDirectory a'],
    ],
  ] as const) {
    test(`is ${what}, when it is acknowledged`, async (t) => {
      const root = mkdtempSync(join(tmpdir(), 'micelio-order-'));
      t.after(() => rmSync(root, { recursive: true }));
      const steps: string[] = [];
      const store = new DirectoryStore(root, {
        disk: steppedDisk(realDisk, (step) => steps.push(describeStep(step, root))),
      });
      // Whatever comes first makes the directories that all writes need.
      await store.put(parseKey('first'), Buffer.from('x'));
      await prepare(store);
      steps.length = 0;
      await run(store);
      assert.deepEqual(steps.join(', '), expected.join(', '));
      store.close();
    });
  }
});

test('a full disk is a clear error and changes nothing', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'micelio-full-'));
  t.after(() => rmSync(root, { recursive: true }));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', root]);
  if (mounted.status !== 0) {
    t.skip('only root can mount the small disk that this takes');
    return;
  }
  const store = new DirectoryStore(root);
  try {
    const full = (error: unknown): boolean =>
      hasCode(error, 'storage/full') && /Free some space/.test(error.message);
    const created = await store.putIfAbsent(parseKey('head'), Buffer.from('old'));
    assert.equal(created.outcome, 'stored');
    const large = Buffer.alloc(2 << 20, 'x');
    await assert.rejects(store.put(parseKey('head'), large), full);
    await assert.rejects(store.putIfAbsent(parseKey('new'), large), full);
    await assert.rejects(store.compareAndSwap(parseKey('head'), large, created.etag), full);
    for (let n = 0; n < 400; n++) {
      const filled = await store
        .put(parseKey(`fill/${n}`), large.subarray(0, 4096))
        .catch((error: unknown) => error);
      if (filled !== undefined) {
        assert.ok(full(filled), `${filled}`);
        break;
      }
    }
    await assert.rejects(store.compareAndSwap(parseKey('head'), large.subarray(0, 8192), created.etag), full);
    assert.equal(Buffer.from((await store.get(parseKey('head')))!.bytes).toString(), 'old');
    assert.equal(await store.get(parseKey('new')), undefined);
    assert.deepEqual(readdirSync(join(root, '.tmp')), []);
    // Space is made with the store's own means.
    await store.delete(parseKey('fill/0'));
    const swapped = await store.compareAndSwap(parseKey('head'), large.subarray(0, 4096), created.etag);
    assert.equal(swapped.outcome, 'stored');
  } finally {
    store.close();
    spawnSync('umount', [root]);
  }
});

/** A store that holds what the first `count` writes leave, and fails at a step that is still to be named. */
async function storeBefore(t: TestContext, count: number) {
  const root = mkdtempSync(join(tmpdir(), 'micelio-faults-'));
  t.after(() => rmSync(root, { recursive: true }));
  let stepsLeft = Number.POSITIVE_INFINITY;
  let systemCode = '';
  // Flushing and closing files come back at once: this is about errors, and there are hundreds of them.
  const quick: Disk = { ...realDisk, flush() {}, flushDirectory() {}, flushInBackground: async () => {} };
  const disk = steppedDisk(quick, ({ name }) => {
    if (--stepsLeft !== 0) return;
    throw Object.assign(new Error(`${systemCode} at ${name}`), { code: systemCode });
  });
  const store = new DirectoryStore(root, { disk });
  for (const write of workload.slice(0, count)) await write.run(store);
  return {
    store,
    root,
    arm(step: number, code: string): void {
      stepsLeft = step;
      systemCode = code;
    },
    fired: () => stepsLeft <= 0,
  };
}

/** A step as "rename a/b": its name, and the path below `root` that it makes, removes or flushes. */
function describeStep({ name, parameters }: DiskStep, root: string): string {
  const path = parameters.findLast((parameter) => typeof parameter === 'string');
  if (path === undefined) return name;
  return `${name} ${(relative(root, path) || '.').replace(/^\.tmp\/.*/, '.tmp/*')}`;
}

function isDeepEqual(actual: unknown, expected: unknown): boolean {
  try {
    assert.deepEqual(actual, expected);
    return true;
  } catch {
    return false;
  }
}
