import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { symlinkBytesMax } from '../../vfs/limits.ts';
import type { NfsClient } from '../fixtures/nfs-client.ts';
import { ServedSession, statusName } from '../fixtures/served-session.ts';

/** What every procedure that takes a name answers for `name` in `directory`, in which there is `file`. */
async function everyProcedure(
  client: NfsClient,
  directory: Buffer,
  name: string,
): Promise<Record<string, string>> {
  const file = (await client.lookup(directory, 'file')).handle;
  const statuses = {
    LOOKUP: (await client.lookup(directory, name)).status,
    'CREATE unchecked': (await client.create(directory, name, 0)).status,
    'CREATE guarded': (await client.create(directory, name, 1)).status,
    'CREATE exclusive': (await client.create(directory, name, 2, Buffer.alloc(8, 1))).status,
    MKDIR: (await client.mkdir(directory, name)).status,
    SYMLINK: (await client.symlink(directory, name, 'target')).status,
    MKNOD: (await client.mknod(directory, name, 7)).status,
    LINK: (await client.link(file, directory, name)).status,
    'RENAME from': (await client.rename(directory, name, directory, 'other')).status,
    'RENAME to': (await client.rename(directory, 'file', directory, name)).status,
    REMOVE: (await client.remove(directory, name)).status,
    RMDIR: (await client.rmdir(directory, name)).status,
  };
  return Object.fromEntries(
    Object.entries(statuses).map(([procedure, status]) => [procedure, statusName(status)]),
  );
}

/** All procedures answer alike, but for some. */
function all(status: string, but: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kinds = ['LOOKUP', 'CREATE unchecked', 'CREATE guarded', 'CREATE exclusive', 'MKDIR', 'SYMLINK'];
  const procedures = [...kinds, 'MKNOD', 'LINK', 'RENAME from', 'RENAME to', 'REMOVE', 'RMDIR'];
  return { ...Object.fromEntries(procedures.map((procedure) => [procedure, status])), ...but };
}

describe('a name', () => {
  test('that is a dot or two is looked up, and can be neither made nor taken away', async (context) => {
    const served = await ServedSession.start(context);
    const renames = { LOOKUP: 'OK', 'RENAME from': 'INVAL', 'RENAME to': 'INVAL', REMOVE: 'ISDIR' };
    const expected = { '.': { ...renames, RMDIR: 'INVAL' }, '..': { ...renames, RMDIR: 'NOTEMPTY' } };
    for (const [name, but] of Object.entries(expected)) {
      assert.deepEqual(await everyProcedure(served.admin, served.root, name), all('EXIST', but), name);
    }
    const { inode } = await served.attributes(served.root);
    assert.equal((await served.admin.lookup(served.root, '..')).attributes?.inode, inode);
  });

  test('of 256 bytes, of none, or with what no name can have is refused by all', async (context) => {
    const served = await ServedSession.start(context);
    for (const [name, status] of [
      ['n'.repeat(256), 'NAMETOOLONG'],
      ['n'.repeat(4096), 'NAMETOOLONG'],
      ['', 'INVAL'],
      ['a/b', 'INVAL'],
      ['a\0b', 'INVAL'],
    ] as const) {
      assert.deepEqual(await everyProcedure(served.admin, served.root, name), all(status), name.slice(0, 9));
    }
  });

  test('of 255 bytes, and of any bytes, is found and listed as it was given', async (context) => {
    const served = await ServedSession.start(context);
    const directory = await served.directory('d');
    const bytes = Array.from({ length: 255 }, (_, byte) => String.fromCharCode(byte + 1));
    const names = [
      ...bytes.filter((byte) => byte !== '.' && byte !== '/'),
      'n'.repeat(255),
      '\xff'.repeat(255),
      '...',
    ];
    for (const name of names) assert.equal((await served.admin.create(directory, name, 1)).status, 0, name);
    const { names: listed } = await served.admin.readdir(directory, 0, 1_000_000);
    assert.deepEqual(listed.map(({ name }) => name).sort(), ['.', '..', ...names].sort());
    for (const name of names) assert.equal((await served.admin.lookup(directory, name)).status, 0);
  });

  test('in what is no directory, or no more, is asked for in vain', async (context) => {
    const served = await ServedSession.start(context);
    const gone = await served.directory('gone');
    await served.admin.rmdir(served.root, 'gone');
    const { handle } = await served.admin.lookup(served.root, 'file');
    const { handle: directory } = await served.admin.lookup(served.root, '.');
    for (const [where, status] of [
      [handle, 'NOTDIR'],
      [gone, 'STALE'],
    ] as const) {
      for (const call of [
        served.admin.lookup(where, 'x'),
        served.admin.create(where, 'x', 1),
        served.admin.mkdir(where, 'x'),
        served.admin.link(handle, where, 'x'),
        served.admin.rename(where, 'x', directory, 'y'),
        served.admin.rename(directory, 'file', where, 'x'),
        served.admin.remove(where, 'x'),
        served.admin.rmdir(where, 'x'),
        served.admin.readdir(where, 0, 4096),
      ]) {
        assert.equal(statusName((await call).status), status);
      }
    }
  });
});

test('a symlink is as long as a path can be, and no longer', async (context) => {
  const served = await ServedSession.start(context);
  const target = `\xff${'t'.repeat(symlinkBytesMax - 1)}`;
  const { handle, attributes } = await served.admin.symlink(served.root, 'link', target);
  assert.deepEqual([attributes?.size, attributes?.mode], [symlinkBytesMax, 0o777]);
  assert.equal((await served.admin.readlink(handle)).target, target);
  for (const longer of [`${target}t`, `${target}${target}`]) {
    const { status } = await served.admin.symlink(served.root, 'longer', longer);
    assert.equal(statusName(status), 'NAMETOOLONG');
  }
});

describe('names of one file', () => {
  test('that are renamed onto one another stay as they are, and nothing is touched', async (context) => {
    const served = await ServedSession.start(context);
    const { admin } = served;
    const [a, b] = [await served.directory('a'), await served.directory('b')];
    const { handle } = await admin.create(a, 'one', 1);
    await admin.link(handle, a, 'two');
    await admin.link(handle, b, 'three');
    const watched = [a, b, handle];
    const before = await Promise.all(watched.map((each) => served.attributes(each)));
    for (const [directory, name] of [
      [a, 'one'],
      [a, 'two'],
      [b, 'three'],
    ] as const) {
      assert.equal((await admin.rename(a, 'one', directory, name)).status, 0);
    }
    // Who may change neither directory is told the same: nothing is to be done.
    await admin.setattr(a, { mode: 0o555 });
    await admin.setattr(b, { mode: 0o555 });
    const stranger = served.as({ uid: 7, gid: 7, groups: [] });
    assert.equal((await stranger.rename(a, 'one', b, 'three')).status, 0);
    const after = await Promise.all(watched.map((each) => served.attributes(each)));
    assert.deepEqual(after[2], before[2]);
    assert.deepEqual(
      after.map(({ modified }) => modified),
      before.map(({ modified }) => modified),
    );
    assert.equal(after[2]?.links, 3);
  });

  test('are counted, also when another file takes one or one is taken away', async (context) => {
    const served = await ServedSession.start(context);
    const { admin, root } = served;
    const { handle } = await admin.create(root, 'one', 1);
    await admin.link(handle, root, 'two');
    await admin.create(root, 'other', 1);
    const { changed } = await served.attributes(handle);
    assert.equal((await admin.rename(root, 'other', root, 'one')).status, 0);
    const left = await served.attributes(handle);
    assert.equal(left.links, 1);
    assert.notDeepEqual(left.changed, changed);
    await admin.remove(root, 'two');
    assert.equal(statusName((await admin.getattr(handle)).status), 'STALE');
  });
});

describe('a directory', () => {
  test('takes the place of an empty one, and of nothing else', async (context) => {
    const served = await ServedSession.start(context);
    const { admin, root } = served;
    await served.directory('moved');
    const empty = await served.directory('empty');
    const full = await served.directory('full');
    await admin.create(full, 'in', 1);
    const rename = async (to: string): Promise<string> =>
      statusName((await admin.rename(root, 'moved', root, to)).status);
    assert.equal(await rename('full'), 'NOTEMPTY');
    assert.equal(await rename('file'), 'NOTDIR');
    assert.equal(statusName((await admin.rename(root, 'file', root, 'full')).status), 'ISDIR');
    assert.equal(statusName((await admin.rename(root, 'file', root, 'empty')).status), 'ISDIR');
    assert.equal(await rename('empty'), 'OK');
    assert.equal(statusName((await admin.getattr(empty)).status), 'STALE');
  });

  test('does not go into itself', async (context) => {
    const served = await ServedSession.start(context);
    const outer = await served.directory('outer');
    const { handle: inner } = await served.admin.mkdir(outer, 'inner');
    for (const into of [outer, inner]) {
      const { status } = await served.admin.rename(served.root, 'outer', into, 'x');
      assert.equal(statusName(status), 'INVAL');
    }
  });

  test('has a link for each directory in it, and knows the one above, wherever it goes', async (context) => {
    const served = await ServedSession.start(context, { 'base/moved/in': { bytes: Buffer.from('x') } });
    const { admin, root } = served;
    const [from, to] = [await served.directory('from'), await served.directory('to')];
    const above = async (directory: Buffer): Promise<number | undefined> =>
      (await admin.lookup(directory, '..')).attributes?.inode;
    const links = async (...directories: readonly Buffer[]): Promise<number[]> =>
      Promise.all(directories.map(async (each) => (await served.attributes(each)).links));
    const { handle: moved } = await admin.mkdir(from, 'moved');
    await admin.mkdir(to, 'replaced');
    await admin.create(to, 'file', 1);
    assert.deepEqual(await links(from, to, moved), [3, 3, 2]);
    await admin.rename(from, 'moved', to, 'moved');
    assert.deepEqual(await links(from, to, moved), [2, 4, 2]);
    await admin.rename(to, 'moved', to, 'replaced');
    assert.deepEqual(await links(from, to), [2, 3]);
    assert.equal(await above(moved), (await served.attributes(to)).inode);

    const { handle: base } = await admin.lookup(root, 'base');
    const { handle: ofBase } = await admin.lookup(base, 'moved');
    await admin.rename(base, 'moved', from, 'of base');
    assert.deepEqual(await links(base, from), [2, 3]);
    assert.equal(await above(ofBase), (await served.attributes(from)).inode);
    const { names } = await admin.readdir(ofBase, 0, 4096);
    assert.equal(names.find(({ name }) => name === '..')?.inode, (await served.attributes(from)).inode);
    await admin.rmdir(to, 'replaced');
    assert.deepEqual(await links(to), [2]);
  });

  test('has one name', async (context) => {
    const served = await ServedSession.start(context);
    const directory = await served.directory('d');
    for (const client of [served.admin, served.as({ uid: 7, gid: 7, groups: [] })]) {
      const { status } = await client.link(directory, directory, 'again');
      assert.equal(statusName(status), 'PERM');
    }
  });
});
