import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { checkOverlay } from './check-overlay.ts';
import { type Cookie, type InodeNumber, listingStart } from './file-system.ts';
import { contentWith, fileAt, openFileSystem, superuser, temporaryDirectory } from './fixtures.ts';
import { resident } from './resident.ts';
import type { SessionFileSystem } from './session-file-system.ts';

const namesMax = 100_000;
const windowNames = 1000;
const flushedEvery = 5000;

/** Lists a directory from its beginning to its end, in windows, and does `between` after each. */
async function listAll(
  fs: SessionFileSystem,
  directory: InodeNumber,
  between: (names: readonly string[]) => void = () => {},
): Promise<string[]> {
  const all: string[] = [];
  let cookie: Cookie = listingStart;
  for (;;) {
    const start = cookie;
    let names: string[] = [];
    const ended = await resident(() => {
      names = [];
      cookie = start;
      return fs.list(superuser, directory, start, (listed) => {
        if (names.length === windowNames) return false;
        cookie = listed.cookie;
        names.push(listed.name);
        return true;
      });
    });
    for (const name of names) if (name !== '.' && name !== '..') all.push(name);
    if (ended === 'end') return all;
    between(names);
  }
}

function remove(fs: SessionFileSystem, directory: InodeNumber, names: readonly string[]): void {
  for (const name of names) if (name !== '.' && name !== '..') fs.remove(superuser, directory, name);
  fs.flush();
}

function make(fs: SessionFileSystem, directory: InodeNumber, name: string): void {
  fs.create(superuser, directory, name, { how: 'guarded', attributes: {} });
}

async function withBase(context: TestContext, count: number): Promise<SessionFileSystem> {
  const bytes = Buffer.from('the same');
  const names = Array.from({ length: count }, (_, index) => [`d/${index}`, { bytes }] as const);
  const { content, tree } = await contentWith({ 'd/sub/x': { bytes }, ...Object.fromEntries(names) });
  return openFileSystem(content, tree, join(temporaryDirectory(context), 'overlay'));
}

describe(`a directory of ${namesMax} names`, () => {
  test('made in the session is listed right while names come and go', async (context) => {
    const fs = await withBase(context, 1);
    const { inode } = await fileAt(fs, 'd');
    for (let index = 0; index < namesMax; index++) {
      make(fs, inode, `name ${index}`);
      if (index % flushedEvery === 0) fs.flush();
    }
    let change = 0;
    const listed = await listAll(fs, inode, () => {
      // One that has been listed, one that will be, one that is new, and one that is given to another file.
      change++;
      fs.remove(superuser, inode, `name ${change * 10}`);
      fs.remove(superuser, inode, `name ${namesMax - change * 10}`);
      make(fs, inode, `new ${change}`);
      make(fs, inode, 'temporary');
      fs.rename(superuser, inode, 'temporary', inode, `name ${change * 10 + 1}`);
    });
    assert.ok(change > 90);
    const counts = Map.groupBy(listed, (name) => name);
    const twice = [...counts.values()].filter((names) => names.length > 1);
    assert.deepEqual(twice, []);
    for (let index = 0; index < namesMax; index++) {
      if (index % 10 !== 0) assert.ok(counts.has(`name ${index}`), `name ${index}`);
    }
    await fs.close();
  });

  test('in the base is listed right while it is emptied, and is then empty', async (context) => {
    const fs = await withBase(context, namesMax);
    const { inode } = await fileAt(fs, 'd');
    assert.equal((await listAll(fs, inode)).length, namesMax + 1);
    await resident(() => fs.makeDirectory(superuser, inode, 'made', {}));
    assert.equal(fs.attributes(inode).links, 4);
    const sub = (await fileAt(fs, 'd/sub')).inode;
    await resident(() => fs.remove(superuser, sub, 'x'));
    fs.removeDirectory(superuser, inode, 'sub');
    fs.removeDirectory(superuser, inode, 'made');
    let kept: readonly string[] = [];
    const listed = await listAll(fs, inode, (names) => {
      remove(fs, inode, kept);
      kept = names;
    });
    assert.equal(new Set(listed).size, namesMax);
    assert.equal(listed.length, namesMax);
    remove(fs, inode, await listAll(fs, inode));
    assert.deepEqual(await listAll(fs, inode), []);
    await resident(() => fs.removeDirectory(superuser, fs.root, 'd'));
    assert.deepEqual(await listAll(fs, fs.root), []);
    assert.deepEqual(await checkOverlay(fs.volume), []);
    await fs.close();
  });
});
