import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestCredentials } from '../fixtures/client.ts';
import { ServedSession, statusName } from '../fixtures/served-session.ts';

const ann: TestCredentials = { uid: 1, gid: 1, groups: [50] };
const ben: TestCredentials = { uid: 2, gid: 2, groups: [50] };
const eve: TestCredentials = { uid: 3, gid: 3, groups: [] };
const everyRight = 0x3f;
const rightsOf = { r: 0x01, x: 0x20, w: 0x0c } as const;

describe('ACCESS', () => {
  test('tells the superuser that all may be done, but executing what nobody can', async (context) => {
    const served = await ServedSession.start(context);
    const { handle } = await served.admin.create(served.root, 'f', 1, { mode: 0, uid: 1, gid: 1 });
    const directory = await served.directory('d', 0);
    const rights = async (of: Buffer): Promise<number> => (await served.admin.access(of, everyRight)).rights;
    assert.equal(await rights(handle), rightsOf.r | rightsOf.w);
    await served.admin.setattr(handle, { mode: 0o010 });
    assert.equal(await rights(handle), rightsOf.r | rightsOf.w | rightsOf.x);
    assert.equal(await rights(directory), 0x1f);
  });

  test('looks at the group of a call and all sixteen others', async (context) => {
    const served = await ServedSession.start(context);
    const { handle } = await served.admin.create(served.root, 'f', 1, { mode: 0o040 });
    const groups = Array.from({ length: 16 }, (_, index) => 100 + index);
    for (const gid of [99, ...groups]) {
      await served.admin.setattr(handle, { gid });
      const { rights } = await served.as({ uid: 7, gid: 99, groups }).access(handle, everyRight);
      assert.equal(rights, rightsOf.r, String(gid));
    }
    await served.admin.setattr(handle, { gid: 116 });
    assert.equal((await served.as({ uid: 7, gid: 99, groups }).access(handle, everyRight)).rights, 0);
  });

  test('goes by the first class that the caller is of, however little it may', async (context) => {
    const served = await ServedSession.start(context);
    const { handle } = await served.admin.create(served.root, 'f', 1, { mode: 0o421, uid: 1, gid: 50 });
    const found = await Promise.all(
      [ann, ben, eve].map(async (user) => (await served.as(user).access(handle, everyRight)).rights),
    );
    assert.deepEqual(found, [rightsOf.r, rightsOf.w, rightsOf.x]);
  });
});

describe('what is made', () => {
  test('in a set-group-id directory has its group, and directories the bit', async (context) => {
    const served = await ServedSession.start(context);
    const directory = await served.directory('d', 0o2777);
    await served.admin.setattr(directory, { gid: 50 });
    await served.admin.setattr(directory, { mode: 0o2777 });
    for (const [user, keeps] of [
      [ben, true],
      [eve, false],
    ] as const) {
      const client = served.as(user);
      const name = (what: string): string => `${what} of ${user.uid}`;
      const made = [
        await client.create(directory, name('file'), 1, { mode: 0o2755 }),
        await client.create(directory, name('not executable'), 1, { mode: 0o2644 }),
        await client.mkdir(directory, name('directory'), { mode: 0o755 }),
        await client.symlink(directory, name('symlink'), 'x'),
        await client.mknod(directory, name('fifo'), 7, { mode: 0o644 }),
      ].map(({ attributes }) => [attributes?.uid, attributes?.gid, attributes?.mode]);
      assert.deepEqual(made, [
        [user.uid, 50, keeps ? 0o2755 : 0o755],
        [user.uid, 50, 0o2644],
        [user.uid, 50, 0o2755],
        [user.uid, 50, 0o777],
        [user.uid, 50, 0o644],
      ]);
    }
  });

  test('elsewhere has the group of the caller', async (context) => {
    const served = await ServedSession.start(context);
    const directory = await served.directory('d', 0o777);
    await served.admin.setattr(directory, { gid: 50 });
    const { attributes } = await served.as(ben).create(directory, 'file', 1, { mode: 0o2755 });
    assert.deepEqual([attributes?.gid, attributes?.mode], [2, 0o2755]);
  });

  test('as a device only the superuser makes', async (context) => {
    const served = await ServedSession.start(context);
    const directory = await served.directory('d');
    for (const [type, name] of [
      [3, 'block'],
      [4, 'character'],
    ] as const) {
      const refused = await served.as(ann).mknod(directory, name, type, { mode: 0o600 }, [1, 3]);
      assert.equal(statusName(refused.status), 'PERM');
      const { attributes } = await served.admin.mknod(
        directory,
        name,
        type,
        { mode: 0o600 },
        [259, 1_048_575],
      );
      assert.deepEqual(attributes?.device, [259, 1_048_575]);
    }
    for (const type of [6, 7]) {
      assert.equal((await served.as(ann).mknod(directory, `special ${type}`, type)).status, 0);
    }
    for (const type of [0, 1, 2, 5, 8]) {
      assert.equal(statusName((await served.admin.mknod(directory, 'x', type)).status), 'BADTYPE');
    }
  });
});

describe('a program that acts for its user or group', () => {
  /** The mode that `change` leaves of 06777. */
  async function left(
    context: Parameters<typeof ServedSession.start>[0],
    user: TestCredentials,
    change: (client: ReturnType<ServedSession['as']>, file: Buffer) => Promise<{ readonly status: number }>,
    mode = 0o6777,
  ): Promise<string> {
    const served = await ServedSession.start(context);
    const { handle } = await served.admin.create(served.root, 'program', 1, { uid: 1, gid: 50 });
    await served.admin.write(handle, 0, Buffer.from('content'), 0);
    await served.admin.setattr(handle, { mode });
    const { status } = await change(served.as(user), handle);
    assert.equal(statusName(status), 'OK');
    return (await served.attributes(handle)).mode.toString(8);
  }

  test('no longer does when somebody but the superuser writes it or cuts it off', async (context) => {
    const byte = Buffer.from('x');
    for (const user of [ann, ben, eve]) {
      assert.equal(await left(context, user, (client, file) => client.write(file, 0, byte, 0)), '777');
      assert.equal(await left(context, user, (client, file) => client.setattr(file, { size: 3 })), '777');
      assert.equal(
        await left(context, user, (client, file) => client.write(file, 0, Buffer.alloc(0), 0)),
        '6777',
      );
    }
    const root = { uid: 0, gid: 0, groups: [] };
    assert.equal(await left(context, root, (client, file) => client.write(file, 0, byte, 0)), '6777');
    assert.equal(await left(context, root, (client, file) => client.setattr(file, { size: 3 })), '6777');
    const locking = 0o2666;
    assert.equal(await left(context, ben, (client, file) => client.write(file, 0, byte, 0), locking), '2666');
    assert.equal(await left(context, eve, (client, file) => client.write(file, 0, byte, 0), locking), '666');
  });

  test('no longer does when it changes its owner', async (context) => {
    const root = { uid: 0, gid: 0, groups: [] };
    for (const change of [{ uid: 9 }, { gid: 9 }, { uid: 9, gid: 9 }, { uid: 1 }]) {
      assert.equal(await left(context, root, (client, file) => client.setattr(file, change)), '777');
    }
    assert.equal(await left(context, ann, (client, file) => client.setattr(file, { gid: 1 })), '777');
  });

  test('is made only by who is of the group', async (context) => {
    const change = (client: ReturnType<ServedSession['as']>, file: Buffer) =>
      client.setattr(file, { mode: 0o6755 });
    assert.equal(await left(context, ann, change, 0o644), '6755');
    const stranger = { ...ann, groups: [] };
    assert.equal(await left(context, stranger, change, 0o644), '4755');
  });
});

describe('who does not own a file', () => {
  test('sets its times to now where they may write it, to nothing else, and not one of them alone', async (context) => {
    const served = await ServedSession.start(context);
    const { handle } = await served.admin.create(served.root, 'f', 1, { mode: 0o666, uid: 1 });
    const time = { seconds: 5, nanoseconds: 6 };
    const asked = [
      { accessed: 'now', modified: 'now' },
      // As an open does that is to cut off a file which is empty.
      { modified: 'now' },
      { accessed: 'now' },
      { accessed: 'now', modified: time },
      { accessed: time, modified: 'now' },
      { accessed: time },
      { modified: time },
      { accessed: time, modified: time },
    ] as const;
    const answers = async (): Promise<string[]> => {
      const statuses: string[] = [];
      for (const change of asked)
        statuses.push(statusName((await served.as(eve).setattr(handle, change)).status));
      return statuses;
    };
    assert.deepEqual(await answers(), ['OK', 'OK', ...Array(6).fill('PERM')]);
    await served.admin.setattr(handle, { mode: 0o644 });
    assert.deepEqual(await answers(), ['ACCES', 'ACCES', ...Array(6).fill('PERM')]);
    for (const change of asked) assert.equal((await served.as(ann).setattr(handle, change)).status, 0);
  });

  test('changes neither its mode nor its owner, and its owner not whose it is', async (context) => {
    const served = await ServedSession.start(context);
    const { handle } = await served.admin.create(served.root, 'f', 1, { mode: 0o666, uid: 1, gid: 50 });
    for (const change of [{ mode: 0o777 }, { uid: 3 }, { gid: 3 }, { uid: 1 }, { gid: 50 }]) {
      assert.equal(statusName((await served.as(eve).setattr(handle, change)).status), 'PERM');
    }
    for (const change of [{ uid: 3 }, { gid: 3 }, { uid: 1, gid: 3 }, { uid: 3, gid: 1 }]) {
      assert.equal(statusName((await served.as(ann).setattr(handle, change)).status), 'PERM');
    }
    for (const change of [{ uid: 1 }, { gid: 1 }, { uid: 1, gid: 50 }, { mode: 0o1777 }]) {
      assert.equal(statusName((await served.as(ann).setattr(handle, change)).status), 'OK');
    }
    assert.equal((await served.attributes(handle)).mode, 0o1777);
  });
});
