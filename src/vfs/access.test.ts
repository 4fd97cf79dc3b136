import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { type Caller, type InodeNumber, listingStart } from './file-system.ts';
import { contentWith, openFileSystem, superuser, temporaryDirectory } from './fixtures.ts';
import type { SessionFileSystem } from './session-file-system.ts';

const ann: Caller = { uid: 1, gid: 1, groups: [50] };
const ben: Caller = { uid: 2, gid: 2, groups: [50] };
const eve: Caller = { uid: 3, gid: 3, groups: [] };

/** A session with a directory `d` of Ann's, whose group is Ann's and Ben's. */
async function withDirectory(
  context: TestContext,
  mode: number,
): Promise<{ fs: SessionFileSystem; directory: InodeNumber }> {
  const { content, tree } = await contentWith({ x: { bytes: Buffer.alloc(0) } });
  const fs = await openFileSystem(content, tree, join(temporaryDirectory(context), 'overlay'));
  fs.setAttributes(superuser, fs.root, { mode: 0o755 });
  const directory = fs.makeDirectory(superuser, fs.root, 'd', { mode, uid: ann.uid, gid: 50 }).inode;
  fs.setAttributes(superuser, directory, { mode });
  return { fs, directory };
}

function make(fs: SessionFileSystem, caller: Caller, directory: InodeNumber, name: string): InodeNumber {
  return fs.create(caller, directory, name, { how: 'guarded', attributes: { mode: 0o600 } }).inode;
}

const denied = { code: 'file-system/denied' };
const notPermitted = { code: 'file-system/not-permitted' };

describe('a sticky directory', () => {
  test('lets names be taken by the owner of the file, its own owner and the superuser', async (context) => {
    const { fs, directory } = await withDirectory(context, 0o1770);
    for (const [index, taker] of [ben, ann, superuser].entries()) {
      make(fs, ben, directory, `${index}`);
      fs.remove(taker, directory, `${index}`);
    }
  });

  test('lets nobody else remove, move or replace them', async (context) => {
    const { fs, directory } = await withDirectory(context, 0o1770);
    make(fs, ann, directory, 'ann');
    make(fs, ben, directory, 'ben');
    fs.makeDirectory(ann, directory, 'sub', {});
    assert.throws(() => fs.remove(ben, directory, 'ann'), notPermitted);
    assert.throws(() => fs.removeDirectory(ben, directory, 'sub'), notPermitted);
    assert.throws(() => fs.rename(ben, directory, 'ann', directory, 'other'), notPermitted);
    assert.throws(() => fs.rename(ben, directory, 'ben', directory, 'ann'), notPermitted);
    assert.throws(() => fs.remove(eve, directory, 'ann'), denied);
    fs.rename(ann, directory, 'ben', directory, 'ann');
  });
});

describe('a set-group-id directory', () => {
  test('gives its group to what is made in it, and the bit to directories', async (context) => {
    const { fs, directory } = await withDirectory(context, 0o2777);
    const file = fs.attributes(make(fs, eve, directory, 'file'));
    assert.deepEqual([file.gid, file.mode], [50, 0o600]);
    const { gid, mode } = fs.makeDirectory(eve, directory, 'sub', { mode: 0o700 });
    assert.deepEqual([gid, mode], [50, 0o2700]);
    const program = fs.create(eve, directory, 'p', { how: 'guarded', attributes: { mode: 0o2755 } });
    assert.equal(program.mode, 0o755, 'who is not in the group makes no program that acts for it');
  });
});

describe('the owner of a file', () => {
  test('may read and write it whatever its mode, but is told the truth when asking', async (context) => {
    const { fs, directory } = await withDirectory(context, 0o777);
    const inode = make(fs, ben, directory, 'file');
    fs.setAttributes(ben, inode, { mode: 0 });
    fs.write(ben, inode, 0, [Buffer.from('x')]);
    assert.equal(fs.read(ben, inode, 0, 1).length, 1);
    fs.setAttributes(ben, inode, { size: 0 });
    assert.equal(fs.access(ben, inode, 7), 0);
    for (const other of [ann, eve]) {
      assert.throws(() => fs.read(other, inode, 0, 1), denied);
      assert.throws(() => fs.write(other, inode, 0, [Buffer.from('x')]), denied);
      assert.throws(() => fs.setAttributes(other, inode, { size: 0 }), denied);
    }
  });

  test('of a directory may list it too', async (context) => {
    const { fs, directory } = await withDirectory(context, 0);
    const list = (caller: Caller): string => fs.list(caller, directory, listingStart, () => true);
    assert.equal(list(ann), 'end');
    for (const other of [ben, eve]) assert.throws(() => list(other), denied);
    assert.throws(() => fs.lookup(ann, directory, 'x'), denied);
  });

  test('is who may change its mode, its group to one of theirs, and its times', async (context) => {
    const { fs, directory } = await withDirectory(context, 0o777);
    const inode = make(fs, ben, directory, 'file');
    fs.setAttributes(ben, inode, { mode: 0o666, gid: 50 });
    assert.throws(() => fs.setAttributes(ben, inode, { gid: 3 }), notPermitted);
    assert.throws(() => fs.setAttributes(ben, inode, { uid: 1 }), notPermitted);
    assert.throws(() => fs.setAttributes(ann, inode, { mode: 0o777 }), notPermitted);
    const time = { seconds: 1, nanoseconds: 2 };
    assert.throws(() => fs.setAttributes(ann, inode, { modified: time }), notPermitted);
    // Who may write may say that it is new.
    fs.setAttributes(ann, inode, { accessed: 'now', modified: 'now' });
    fs.setAttributes(ben, inode, { mode: 0o600 });
    assert.throws(() => fs.setAttributes(ann, inode, { modified: 'now' }), denied);
    const before = fs.attributes(inode);
    assert.throws(() => fs.setAttributes(ann, inode, { modified: 'now', mode: 0o777, size: 9 }));
    assert.deepEqual(fs.attributes(inode), before, 'all or none');
  });
});
