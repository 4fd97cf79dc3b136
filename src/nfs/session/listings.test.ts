import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FoundName, NfsClient } from '../fixtures/nfs-client.ts';
import { ServedSession, statusName } from '../fixtures/served-session.ts';

const eve = { uid: 3, gid: 3, groups: [] };
const bytes = Buffer.from('x');

/** How a directory is listed; each gives a few names at a time. */
const manners = {
  READDIR: (client: NfsClient, directory: Buffer, cookie: number) => client.readdir(directory, cookie, 512),
  READDIRPLUS: (client: NfsClient, directory: Buffer, cookie: number) =>
    client.readdirplus(directory, cookie, 512, 1500),
};

/** Lists a directory to its end, and does `between` after each reply. */
async function listed(
  next: (cookie: number) => ReturnType<NfsClient['readdir']>,
  between: () => Promise<void>,
): Promise<FoundName[]> {
  const all: FoundName[] = [];
  for (let cookie = 0, ended = false; !ended; ) {
    const { status, names, end } = await next(cookie);
    assert.equal(status, 0);
    all.push(...names);
    assert.ok(all.length < 1000, 'The listing goes round in circles.');
    cookie = names.at(-1)?.cookie ?? cookie;
    ended = end;
    if (!end) await between();
  }
  return all;
}

for (const [manner, list] of Object.entries(manners)) {
  describe(manner, () => {
    test('tells of a name that stays once, whatever comes and goes meanwhile', async (context) => {
      const ofBase = Array.from({ length: 60 }, (_, index) => `base-${index}`);
      const files = Object.fromEntries(ofBase.map((name) => [`d/${name}`, { bytes }]));
      const served = await ServedSession.start(context, {
        ...files,
        'before/x': { bytes },
        'e/y': { bytes },
      });
      const { admin, root } = served;
      const { handle: directory } = await admin.lookup(root, 'd');
      const made = Array.from({ length: 60 }, (_, index) => `made-${index}`);
      for (const name of made) await admin.create(directory, name, 1);
      const passing = [...ofBase, ...made].filter((_, index) => index % 3 === 0);
      const saved = [...ofBase, ...made].filter((_, index) => index % 3 === 1);
      const steady = new Set([...ofBase, ...made].filter((name) => !passing.includes(name)));

      let turn = 0;
      const found = await listed(
        (cookie) => list(admin, directory, cookie),
        async () => {
          turn++;
          if (passing.length < 3) return;
          await admin.create(directory, `new-${turn}`, 1);
          // As editors save: under another name, and then in place of what was there.
          await admin.create(directory, 'saving', 1);
          await admin.rename(directory, 'saving', directory, saved.pop()!);
          await admin.remove(directory, passing.pop()!);
          await admin.rename(directory, passing.shift()!, directory, `moved-${turn}`);
          await admin.rename(directory, passing.shift()!, root, `away-${turn}`);
        },
      );
      assert.ok(turn > 5);
      const names = found.map(({ name }) => name);
      for (const name of ['.', '..', ...steady]) {
        assert.equal(names.filter((each) => each === name).length, 1, name);
      }
      assert.equal(new Set(found.map(({ cookie }) => cookie)).size, found.length);
      for (const name of ['x', 'y', 'before', 'd', 'e']) assert.ok(!names.includes(name), name);
    });

    test('goes on from any place that it told of, and from the beginning', async (context) => {
      const names = Array.from({ length: 40 }, (_, index) => `d/${'n'.repeat(index)}${index}`);
      const served = await ServedSession.start(
        context,
        Object.fromEntries(names.map((name) => [name, { bytes }])),
      );
      const { handle: directory } = await served.admin.lookup(served.root, 'd');
      const all = await listed(
        (cookie) => list(served.admin, directory, cookie),
        async () => {},
      );
      assert.equal(all.length, 42);
      for (const [index, { cookie }] of all.entries()) {
        const { names: next } = await list(served.admin, directory, cookie);
        assert.equal(next[0]?.name, all[index + 1]?.name);
      }
    });

    test('is for who may read the directory, and ends with it', async (context) => {
      const served = await ServedSession.start(context);
      const directory = await served.directory('d', 0o311);
      assert.equal(statusName((await list(served.as(eve), directory, 0)).status), 'ACCES');
      await served.admin.setattr(directory, { mode: 0o444 });
      assert.equal((await list(served.as(eve), directory, 0)).names.length, 2);
      await served.admin.rmdir(served.root, 'd');
      assert.equal(statusName((await list(served.admin, directory, 2)).status), 'STALE');
    });
  });
}

test('READDIRPLUS tells what GETATTR and LOOKUP tell', async (context) => {
  const served = await ServedSession.start(context, {
    'd/file': { bytes },
    'd/sub/file': { bytes },
    'd/link': { target: 'file' },
    'd/changed': { bytes },
  });
  const { admin, root } = served;
  const { handle: directory } = await admin.lookup(root, 'd');
  await admin.mknod(directory, 'fifo', 7);
  await admin.write((await admin.lookup(directory, 'changed')).handle, 0, Buffer.from('more'), 0);
  const { names } = await admin.readdirplus(directory, 0, 4096, 32_768);
  assert.equal(names.length, 7);
  for (const { name, handle, attributes, inode } of names) {
    const found = await admin.lookup(directory, name);
    assert.deepEqual([found.handle, found.attributes], [handle, attributes], name);
    assert.deepEqual((await admin.getattr(handle!)).attributes, attributes);
    assert.equal(inode, attributes?.inode);
  }
});
