import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Served, serve } from '../fixtures/served.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

const time = { seconds: 1_234_567_890, nanoseconds: 123_456_789 };

describe('SETATTR', () => {
  test('sets everything at once, and tells what was before', async () => {
    const { handle, attributes } = await served.client.create(served.root, 'all', 1, { mode: 0o600 });
    const all = { mode: 0o4751, uid: 7, gid: 8, size: 5, accessed: time, modified: time };
    const { status, change } = await served.client.setattr(handle, all);
    assert.equal(status, 0);
    assert.deepEqual(change.before?.changed, attributes?.changed);
    const { mode, uid, gid, size, accessed, modified } = change.after!;
    assert.deepEqual({ mode, uid, gid, size, accessed, modified }, all);
  });

  test('of nothing changes nothing, and the time of the server is the server’s', async () => {
    const { handle } = await served.client.create(served.root, 'now', 1, { accessed: time, modified: time });
    assert.deepEqual((await served.client.setattr(handle, {})).change.after?.modified, time);
    const { change } = await served.client.setattr(handle, { accessed: 'now', modified: 'now' });
    assert.ok(change.after!.modified.seconds > time.seconds);
    assert.ok(change.after!.accessed.seconds > time.seconds);
  });

  test('is guarded by the time of change', async () => {
    const { handle, attributes } = await served.client.create(served.root, 'guarded', 1);
    const first = await served.client.setattr(handle, { mode: 0o640 }, attributes!.changed);
    assert.equal(first.status, 0);
    const late = await served.client.setattr(handle, { mode: 0o600 }, attributes!.changed);
    assert.equal(late.status, 10002);
    assert.equal(late.change.after?.mode, 0o640);
    assert.equal(
      (await served.client.setattr(handle, { mode: 0o600 }, first.change.after!.changed)).status,
      0,
    );
  });

  test('refuses a size that no file can have, and a time that is none', async () => {
    const { handle } = await served.client.create(served.root, 'odd', 1);
    assert.equal((await served.client.setattr(handle, { size: 2 ** 60 })).status, 27);
    const none = { seconds: 1, nanoseconds: 1_000_000_000 };
    assert.equal((await served.client.setattr(handle, { modified: none })).status, 22);
  });

  test('is not for strangers', async () => {
    const { handle } = await served.client.create(served.root, 'mine', 1, { mode: 0o644 });
    served.client.credentials = { uid: 1000, gid: 1000, groups: [] };
    const { status, change } = await served.client.setattr(handle, { mode: 0o777 });
    served.client.credentials = { uid: 0, gid: 0, groups: [] };
    assert.equal(status, 1);
    assert.equal(change.after?.mode, 0o644);
  });
});
