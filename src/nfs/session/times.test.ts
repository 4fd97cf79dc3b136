import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileBytesMax } from '../../vfs/limits.ts';
import { ServedSession, statusName } from '../fixtures/served-session.ts';

const eve = { uid: 3, gid: 3, groups: [] };

describe('a call that fails', () => {
  test('leaves all times and all else of what it is about as it was, and says so', async (context) => {
    const served = await ServedSession.start(context);
    const { admin, root } = served;
    const directory = await served.directory('d', 0o755);
    const file = (await admin.create(directory, 'file', 1, { mode: 0o644 })).handle;
    const full = (await admin.mkdir(directory, 'full')).handle;
    await admin.create(full, 'in', 1);
    const link = (await admin.symlink(directory, 'link', 'x')).handle;
    await served.directory('free');
    const watched = [root, directory, file, full, link];
    const before = await Promise.all(watched.map((each) => served.attributes(each)));

    const stranger = served.as(eve);
    const time = { seconds: 5, nanoseconds: 5 };
    const failing = {
      'chmod of a stranger': () => stranger.setattr(file, { mode: 0 }),
      'chown of a stranger': () => stranger.setattr(file, { uid: 3 }),
      'utimes of a stranger': () => stranger.setattr(file, { accessed: time, modified: time }),
      'truncate of a stranger': () => stranger.setattr(file, { size: 0 }),
      'all at once, and one thing not': () => stranger.setattr(file, { modified: 'now', size: 0, mode: 0 }),
      'truncate too far': () => admin.setattr(file, { size: fileBytesMax + 1 }),
      'truncate of a directory': () => admin.setattr(full, { size: 0 }),
      'truncate of a symlink': () => admin.setattr(link, { size: 0 }),
      'write of a stranger': () => stranger.write(file, 0, Buffer.from('x'), 0),
      'write too far': () => admin.write(file, fileBytesMax, Buffer.from('x'), 0),
      'write of a directory': () => admin.write(full, 0, Buffer.from('x'), 0),
      'create of a stranger': () => stranger.create(directory, 'new', 1),
      'create of what is there': () => admin.create(directory, 'file', 1),
      'create of a directory': () => admin.create(directory, 'full', 0),
      'mkdir of a stranger': () => stranger.mkdir(directory, 'new'),
      'mkdir of what is there': () => admin.mkdir(directory, 'file'),
      'symlink of what is there': () => admin.symlink(directory, 'full', 'x'),
      'mknod of a stranger': () => stranger.mknod(directory, 'new', 7),
      'link of a stranger': () => stranger.link(file, directory, 'new'),
      'link to what is there': () => admin.link(file, directory, 'link'),
      'link of a directory': () => admin.link(full, directory, 'new'),
      'unlink of a stranger': () => stranger.remove(directory, 'file'),
      'unlink of a directory': () => admin.remove(directory, 'full'),
      'unlink of nothing': () => admin.remove(directory, 'nothing'),
      'rmdir of a stranger': () => stranger.rmdir(directory, 'full'),
      'rmdir of a file': () => admin.rmdir(directory, 'file'),
      'rmdir of what is not empty': () => admin.rmdir(directory, 'full'),
      'rename of a stranger': () => stranger.rename(directory, 'file', directory, 'new'),
      'rename of a stranger to elsewhere': () => stranger.rename(directory, 'file', root, 'new'),
      'rename of nothing': () => admin.rename(directory, 'nothing', root, 'new'),
      'rename into itself': () => admin.rename(root, 'd', full, 'd'),
      'rename onto what is not empty': () => admin.rename(root, 'free', directory, 'full'),
      'rename of a file onto a directory': () => admin.rename(directory, 'file', directory, 'full'),
      'rename of a directory onto a file': () => admin.rename(directory, 'full', directory, 'file'),
    };
    for (const [what, call] of Object.entries(failing)) {
      assert.notEqual(statusName((await call()).status), 'OK', what);
      const after = await Promise.all(watched.map((each) => served.attributes(each)));
      assert.deepEqual(after, before, what);
    }
    const { change } = await failing['truncate of a stranger']();
    assert.deepEqual(change.before?.changed, change.after?.changed);
  });
});

describe('times that a client gives', () => {
  test('are kept to the nanosecond, for every kind, and the time of change is ours', async (context) => {
    const served = await ServedSession.start(context);
    const { admin, root } = served;
    const handles = [
      root,
      (await admin.lookup(root, 'file')).handle,
      (await admin.symlink(root, 'link', 'x')).handle,
      (await admin.mknod(root, 'fifo', 7)).handle,
      (await admin.mknod(root, 'device', 4, {}, [1, 3])).handle,
    ];
    for (const handle of handles) {
      for (const seconds of [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) {
        const { changed } = await served.attributes(handle);
        const [accessed, modified] = [0, 999_999_999].map((nanoseconds) => ({ seconds, nanoseconds }));
        assert.equal((await admin.setattr(handle, { accessed: accessed!, modified: modified! })).status, 0);
        const after = await served.attributes(handle);
        assert.deepEqual([after.accessed, after.modified], [accessed, modified]);
        assert.notDeepEqual(after.changed, changed);
        assert.ok(Math.abs(after.changed.seconds - Date.now() / 1000) < 60);
      }
    }
    const { handle } = await admin.create(root, 'new', 1, { modified: { seconds: 7, nanoseconds: 8 } });
    assert.deepEqual((await served.attributes(handle)).modified, { seconds: 7, nanoseconds: 8 });
  });

  test('that are left out stay, and writing and cutting off set that of modification', async (context) => {
    const served = await ServedSession.start(context);
    const { admin } = served;
    const { handle } = await admin.lookup(served.root, 'file');
    const old = { seconds: 5, nanoseconds: 6 };
    await admin.setattr(handle, { accessed: old, modified: old });
    await admin.setattr(handle, { accessed: 'now' });
    assert.deepEqual((await served.attributes(handle)).modified, old);
    await admin.setattr(handle, { accessed: old });
    for (const change of [
      () => admin.write(handle, 0, Buffer.from('x'), 0),
      () => admin.setattr(handle, { size: 1 }),
      () => admin.setattr(handle, { size: 100 }),
      () => admin.create(served.root, 'file', 0, { size: 0 }),
    ]) {
      await admin.setattr(handle, { modified: old });
      await change();
      const { accessed, modified, changed } = await served.attributes(handle);
      assert.deepEqual(accessed, old);
      assert.deepEqual(modified, changed);
    }
    await admin.setattr(handle, { size: 5, modified: old });
    assert.deepEqual((await served.attributes(handle)).modified, old);
  });
});

test('SETATTR of nothing changes nothing, whoever asks', async (context) => {
  const served = await ServedSession.start(context);
  const { handle } = await served.admin.lookup(served.root, 'file');
  const before = await served.attributes(handle);
  const unchanged = 0xffff_ffff;
  for (const change of [{}, { uid: unchanged, gid: unchanged }]) {
    assert.equal(statusName((await served.as(eve).setattr(handle, change)).status), 'OK');
    assert.deepEqual(await served.attributes(handle), before);
  }
});

test('SETATTR with a guard is carried out while the time of change is that one', async (context) => {
  const served = await ServedSession.start(context);
  const { handle } = await served.admin.lookup(served.root, 'file');
  const { changed } = await served.attributes(handle);
  assert.equal((await served.admin.setattr(handle, { size: 3 }, changed)).status, 0);
  for (const change of [{ size: 0 }, { mode: 0 }, {}]) {
    assert.equal(statusName((await served.admin.setattr(handle, change, changed)).status), 'NOT_SYNC');
  }
  assert.equal((await served.attributes(handle)).size, 3);
});

describe('an exclusive CREATE', () => {
  const verifier = Buffer.from('verifier');

  test('that is repeated finds what it made, until the client has set the times', async (context) => {
    const served = await ServedSession.start(context);
    const { admin, root } = served;
    const first = await admin.create(root, 'lock', 2, verifier);
    const again = await admin.create(root, 'lock', 2, verifier);
    assert.deepEqual([again.status, again.handle], [0, first.handle]);
    const other = await admin.create(root, 'lock', 2, Buffer.from('another!'));
    assert.equal(statusName(other.status), 'EXIST');
    await admin.setattr(first.handle, { mode: 0o600, accessed: 'now', modified: 'now' });
    assert.equal(statusName((await admin.create(root, 'lock', 2, verifier)).status), 'EXIST');
  });

  test('takes nothing that was there before', async (context) => {
    const served = await ServedSession.start(context, {
      file: { bytes: Buffer.alloc(0) },
      'directory/x': { bytes: Buffer.alloc(0) },
      link: { target: 'file' },
    });
    for (const name of ['file', 'directory', 'link']) {
      const { status } = await served.admin.create(served.root, name, 2, verifier);
      assert.equal(statusName(status), 'EXIST', name);
    }
  });
});

test('a file ends before what FSINFO says is the largest', async (context) => {
  const served = await ServedSession.start(context);
  const { admin } = served;
  const { handle } = await admin.lookup(served.root, 'file');
  const { fileBytesMax: most } = await admin.fsinfo(served.root);
  assert.equal(statusName((await admin.write(handle, most, Buffer.from('x'), 0)).status), 'FBIG');
  assert.equal(statusName((await admin.setattr(handle, { size: most + 1 })).status), 'FBIG');
  assert.equal((await admin.setattr(handle, { size: most })).status, 0);
  const { data, end } = await admin.read(handle, most - 2, 10);
  assert.deepEqual([data, end], [Buffer.alloc(2), true]);
});
