import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { checkOverlay } from './check-overlay.ts';
import { type Cookie, type FileSystem, type InodeNumber, listingStart } from './file-system.ts';
import { bytesAt, contentWith, fileAt, openFileSystem, superuser, temporaryDirectory } from './fixtures.ts';
import { fileBytesMax, linksMax, symlinkBytesMax } from './limits.ts';
import { resident } from './resident.ts';
import type { SessionFileSystem } from './session-file-system.ts';

const files = {
  file: { bytes: Buffer.from('content') },
  'directory/file': { bytes: Buffer.from('x') },
  link: { target: 'file' },
};

async function opened(context: TestContext): Promise<SessionFileSystem> {
  const { content, tree } = await contentWith(files);
  const session = await openFileSystem(content, tree, join(temporaryDirectory(context), 'overlay'));
  await bytesAt(session, 'file');
  await bytesAt(session, 'directory/file');
  return session;
}

/** The code of the error that `call` throws; `ok` when it does not. */
function codeOf(call: () => unknown): string {
  try {
    call();
    return 'ok';
  } catch (error) {
    return String((error as { code?: unknown }).code).replace('file-system/', '');
  }
}

/** What each call that takes a new name says to `name`. */
function makers(fs: FileSystem, name: string): Record<string, string> {
  const { root } = fs;
  const [attributes, verifier] = [{}, Buffer.alloc(8)];
  return {
    guarded: codeOf(() => fs.create(superuser, root, name, { how: 'guarded', attributes })),
    unchecked: codeOf(() => fs.create(superuser, root, name, { how: 'unchecked', attributes })),
    exclusive: codeOf(() => fs.create(superuser, root, name, { how: 'exclusive', verifier })),
    directory: codeOf(() => fs.makeDirectory(superuser, root, name, attributes)),
    symlink: codeOf(() => fs.makeSymlink(superuser, root, name, Buffer.from('x'), attributes)),
    fifo: codeOf(() => fs.makeSpecial(superuser, root, name, { type: 'fifo' }, attributes)),
  };
}

function everyMaker(code: string): Record<string, string> {
  const kinds = ['guarded', 'unchecked', 'exclusive', 'directory', 'symlink', 'fifo'];
  return Object.fromEntries(kinds.map((kind) => [kind, code]));
}

describe('names', () => {
  test('that no file can have are refused by every call', async (context) => {
    const fs = await opened(context);
    const { inode } = await fileAt(fs, 'file');
    for (const [name, code] of [
      ['', 'invalid'],
      ['a/b', 'invalid'],
      ['/', 'invalid'],
      ['a\0b', 'invalid'],
      ['n'.repeat(256), 'name-too-long'],
      ['.', 'exists'],
      ['..', 'exists'],
    ] as const) {
      assert.deepEqual(makers(fs, name), everyMaker(code), JSON.stringify(name));
      assert.equal(
        codeOf(() => fs.link(superuser, inode, fs.root, name)),
        code,
      );
      const isDot = name === '.' || name === '..';
      const other = isDot ? 'invalid' : code;
      assert.equal(
        codeOf(() => fs.rename(superuser, fs.root, 'file', fs.root, name)),
        other,
      );
      assert.equal(
        codeOf(() => fs.rename(superuser, fs.root, name, fs.root, 'file')),
        other,
      );
      assert.equal(
        codeOf(() => fs.lookup(superuser, fs.root, name)),
        isDot ? 'ok' : code,
      );
      const removed = codeOf(() => fs.remove(superuser, fs.root, name));
      assert.equal(removed, isDot ? 'is-a-directory' : code);
    }
    assert.equal(
      codeOf(() => fs.removeDirectory(superuser, fs.root, '.')),
      'invalid',
    );
    assert.equal(
      codeOf(() => fs.removeDirectory(superuser, fs.root, '..')),
      'not-empty',
    );
    assert.equal(fs.volume.overlay.isEmpty, true, 'what is refused leaves nothing behind');
  });

  test('of 255 bytes, of any bytes, and like parts of JavaScript are names', async (context) => {
    const fs = await opened(context);
    const odd = [
      'n'.repeat(255),
      '\xff\xfe\x01',
      ' ',
      '__proto__',
      '...',
      '-rf',
      '\n',
      "'; DROP TABLE inode; --",
    ];
    for (const name of odd) {
      const made = fs.create(superuser, fs.root, name, { how: 'guarded', attributes: {} });
      assert.equal(fs.lookup(superuser, fs.root, name).inode, made.inode);
    }
    fs.flush();
    const names: string[] = [];
    await resident(() => fs.list(superuser, fs.root, listingStart, ({ name }) => names.push(name) > 0));
    for (const name of odd) assert.equal(names.filter((listed) => listed === name).length, 1);
  });
});

describe('numbers', () => {
  test('of inodes that never were, or are no more, are stale for every call', async (context) => {
    const fs = await opened(context);
    const gone = fs.create(superuser, fs.root, 'gone', { how: 'guarded', attributes: {} }).inode;
    fs.remove(superuser, fs.root, 'gone');
    const baseGone = (await fileAt(fs, 'directory/file')).inode;
    fs.remove(superuser, (await fileAt(fs, 'directory')).inode, 'file');
    const numbers = [
      gone,
      baseGone,
      0,
      -1,
      0.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 31,
      2 ** 53,
      -(2 ** 63),
    ];
    for (const number of numbers as InodeNumber[]) {
      const codes = [
        () => fs.attributes(number),
        () => fs.access(superuser, number, 7),
        () => fs.setAttributes(superuser, number, { mode: 0 }),
        () => fs.lookup(superuser, number, 'x'),
        () => fs.readLink(number),
        () => fs.read(superuser, number, 0, 1),
        () => fs.write(superuser, number, 0, [Buffer.from('x')]),
        () => fs.create(superuser, number, 'x', { how: 'guarded', attributes: {} }),
        () => fs.makeDirectory(superuser, number, 'x', {}),
        () => fs.makeSymlink(superuser, number, 'x', Buffer.from('x'), {}),
        () => fs.makeSpecial(superuser, number, 'x', { type: 'fifo' }, {}),
        () => fs.remove(superuser, number, 'x'),
        () => fs.removeDirectory(superuser, number, 'x'),
        () => fs.rename(superuser, number, 'x', fs.root, 'y'),
        () => fs.rename(superuser, fs.root, 'file', number, 'y'),
        () => fs.link(superuser, number, fs.root, 'y'),
        () => fs.link(superuser, fs.root, number, 'y'),
        () => fs.list(superuser, number, listingStart, () => true),
      ].map(codeOf);
      assert.deepEqual([...new Set(codes)], ['stale'], String(number));
    }
    assert.deepEqual(await checkOverlay(fs.volume), []);
  });

  test('of places that never were in a listing are places between names', async (context) => {
    const fs = await opened(context);
    fs.create(superuser, fs.root, 'made', { how: 'guarded', attributes: {} });
    for (const after of [
      0.5,
      -5,
      Number.NaN,
      2 ** 31,
      2 ** 53,
      2 ** 63,
      Number.POSITIVE_INFINITY,
    ] as Cookie[]) {
      const names = new Set<string>();
      const ended = await resident(() => fs.list(superuser, fs.root, after, ({ name }) => !!names.add(name)));
      assert.equal(ended, 'end');
      for (const name of names) assert.ok(['.', '..', 'directory', 'file', 'link', 'made'].includes(name));
    }
  });

  test('of places in other directories show nothing of those', async (context) => {
    const { content, tree } = await contentWith({ ...files, 'a/secret': files.file, 'z/last': files.file });
    const fs = await openFileSystem(content, tree, join(temporaryDirectory(context), 'overlay'));
    const own = {
      '': ['a', 'directory', 'file', 'link', 'z'],
      a: ['secret'],
      directory: ['file'],
      z: ['last'],
    };
    for (const [path, names] of Object.entries(own)) {
      const inode = path === '' ? fs.root : (await fileAt(fs, path)).inode;
      for (let after = 0; after < 20; after++) {
        const listed: string[] = [];
        const take = ({ name }: { readonly name: string }): boolean => listed.push(name) > 0;
        await resident(() => fs.list(superuser, inode, after as Cookie, take));
        const strange = listed.filter((name) => name !== '.' && name !== '..' && !names.includes(name));
        assert.deepEqual(strange, [], `${path} behind ${after}`);
      }
    }
  });

  test('of positions end where files end', async (context) => {
    const fs = await opened(context);
    const { inode } = fs.create(superuser, fs.root, 'large', { how: 'guarded', attributes: {} });
    const x = [Buffer.from('x')];
    assert.equal(
      codeOf(() => fs.write(superuser, inode, fileBytesMax, x)),
      'file-too-large',
    );
    assert.equal(
      codeOf(() => fs.write(superuser, inode, 2 ** 63, x)),
      'file-too-large',
    );
    assert.equal(
      codeOf(() => fs.setAttributes(superuser, inode, { size: fileBytesMax + 1 })),
      'file-too-large',
    );
    fs.setAttributes(superuser, inode, { size: fileBytesMax });
    fs.flush();
    assert.equal(fs.attributes(inode).size, fileBytesMax);
    assert.ok(fs.attributes(inode).used < 1_000_000, 'a hole takes no room');
    const { pieces, end } = fs.read(superuser, inode, fileBytesMax - 3, 100);
    assert.deepEqual([Buffer.concat(pieces), end], [Buffer.alloc(3), true]);
    for (const offset of [fileBytesMax, 2 ** 60, Number.POSITIVE_INFINITY]) {
      assert.deepEqual(fs.read(superuser, inode, offset, 10), { pieces: [], length: 0, end: true });
    }
    assert.equal(fs.write(superuser, inode, 7, []).size, fileBytesMax);
    assert.deepEqual(await checkOverlay(fs.volume), []);
  });

  test('of names and targets have their bounds', async (context) => {
    const fs = await opened(context);
    const { inode } = await fileAt(fs, 'file');
    const target = Buffer.alloc(symlinkBytesMax, 'x');
    const made = fs.makeSymlink(superuser, fs.root, 'long', target, {});
    assert.deepEqual(Buffer.from(fs.readLink(made.inode)), target);
    const longer = Buffer.alloc(symlinkBytesMax + 1, 'x');
    assert.equal(
      codeOf(() => fs.makeSymlink(superuser, fs.root, 'l', longer, {})),
      'name-too-long',
    );
    assert.equal(
      codeOf(() => fs.makeSymlink(superuser, fs.root, 'l', Buffer.alloc(0), {})),
      'invalid',
    );
    assert.equal(
      codeOf(() => fs.makeSymlink(superuser, fs.root, 'l', Buffer.from('a\0b'), {})),
      'invalid',
    );
    fs.volume.put({ ...fs.volume.inode(inode), links: linksMax - 1 });
    fs.link(superuser, inode, fs.root, 'last');
    assert.equal(
      codeOf(() => fs.link(superuser, inode, fs.root, 'too many')),
      'too-many-links',
    );
  });
});

describe('what is asked of the wrong kind of file', () => {
  test('is refused as POSIX has it', async (context) => {
    const fs = await opened(context);
    const [file, link] = [(await fileAt(fs, 'file')).inode, (await fileAt(fs, 'link')).inode];
    const fifo = fs.makeSpecial(superuser, fs.root, 'fifo', { type: 'fifo' }, {}).inode;
    const x = [Buffer.from('x')];
    assert.equal(
      codeOf(() => fs.read(superuser, fs.root, 0, 1)),
      'is-a-directory',
    );
    assert.equal(
      codeOf(() => fs.write(superuser, fs.root, 0, x)),
      'is-a-directory',
    );
    assert.equal(
      codeOf(() => fs.setAttributes(superuser, fs.root, { size: 0 })),
      'is-a-directory',
    );
    assert.equal(
      codeOf(() => fs.link(superuser, fs.root, fs.root, 'again')),
      'not-permitted',
    );
    for (const inode of [link, fifo]) {
      assert.equal(
        codeOf(() => fs.read(superuser, inode, 0, 1)),
        'invalid',
      );
      assert.equal(
        codeOf(() => fs.write(superuser, inode, 0, x)),
        'invalid',
      );
      assert.equal(
        codeOf(() => fs.setAttributes(superuser, inode, { size: 0 })),
        'invalid',
      );
    }
    for (const inode of [file, link, fifo]) {
      assert.equal(
        codeOf(() => fs.lookup(superuser, inode, 'x')),
        'not-a-directory',
      );
      assert.equal(
        codeOf(() => fs.list(superuser, inode, listingStart, () => true)),
        'not-a-directory',
      );
      assert.equal(
        codeOf(() => fs.makeDirectory(superuser, inode, 'x', {})),
        'not-a-directory',
      );
      assert.equal(
        codeOf(() => fs.rename(superuser, fs.root, 'file', inode, 'x')),
        'not-a-directory',
      );
    }
    for (const inode of [file, fs.root, fifo])
      assert.equal(
        codeOf(() => fs.readLink(inode)),
        'invalid',
      );
    assert.equal(
      codeOf(() => fs.rename(superuser, fs.root, 'directory', fs.root, 'file')),
      'not-a-directory',
    );
    assert.equal(
      codeOf(() => fs.rename(superuser, fs.root, 'file', fs.root, 'directory')),
      'is-a-directory',
    );
    const directory = (await fileAt(fs, 'directory')).inode;
    assert.equal(
      codeOf(() => fs.rename(superuser, fs.root, 'directory', directory, 'x')),
      'invalid',
    );
    assert.equal(
      codeOf(() => fs.rename(superuser, directory, 'file', fs.root, 'directory')),
      'is-a-directory',
    );
    const guard = { seconds: 1, nanoseconds: 1 };
    assert.equal(
      codeOf(() => fs.setAttributes(superuser, file, { mode: 0 }, guard)),
      'not-in-step',
    );
    assert.deepEqual(await checkOverlay(fs.volume), []);
  });
});
