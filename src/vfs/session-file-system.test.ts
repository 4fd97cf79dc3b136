import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pseudoRandomBytes } from '../blob/fixtures.ts';
import { listingStart } from './file-system.ts';
import { bytesAt, contentWith, openFileSystem, superuser, temporaryDirectory } from './fixtures.ts';
import { resident } from './resident.ts';

const large = pseudoRandomBytes(1_500_000, 1);
const files = {
  'a.txt': { bytes: Buffer.from('hello') },
  'src/main.ts': { bytes: Buffer.from('main') },
  'src/deep/er/x': { bytes: Buffer.from('x') },
  'large.bin': { bytes: large },
  link: { target: 'a.txt' },
};

describe('a fresh session', () => {
  test('shows the base tree, and keeps nothing on the disk', async (context) => {
    const { content, tree } = await contentWith(files);
    const fs = await openFileSystem(content, tree, temporaryDirectory(context));
    assert.equal((await bytesAt(fs, 'src/deep/er/x')).toString(), 'x');
    assert.ok((await bytesAt(fs, 'large.bin')).equals(large));
    const names: string[] = [];
    await resident(() => fs.list(superuser, fs.root, listingStart, ({ name }) => names.push(name) > 0));
    assert.deepEqual(names, ['.', '..', 'a.txt', 'large.bin', 'link', 'src']);
    assert.equal(fs.volume.overlay.isEmpty, true);
  });
});

describe('changes', () => {
  test('are there after opening it again, and the base is as it was', async (context) => {
    const { content, tree } = await contentWith(files);
    const directory = temporaryDirectory(context);
    const fs = await openFileSystem(content, tree, directory);
    const { inode } = await resident(() => fs.lookup(superuser, fs.root, 'large.bin'));
    fs.write(superuser, inode, 700_000, [Buffer.from('changed')]);
    const made = fs.create(superuser, fs.root, 'new', { how: 'guarded', attributes: { mode: 0o600 } });
    fs.write(superuser, made.inode, 0, [Buffer.from('content')]);
    fs.rename(superuser, fs.root, 'src', fs.root, 'moved');
    await resident(() => fs.remove(superuser, fs.root, 'a.txt'));
    await fs.close();

    const again = await openFileSystem(content, tree, directory);
    const expected = Buffer.from(large);
    expected.write('changed', 700_000);
    assert.ok((await bytesAt(again, 'large.bin')).equals(expected));
    assert.equal((await bytesAt(again, 'new')).toString(), 'content');
    assert.equal((await bytesAt(again, 'moved/deep/er/x')).toString(), 'x');
    await assert.rejects(bytesAt(again, 'a.txt'), { code: 'file-system/not-found' });
    await assert.rejects(bytesAt(again, 'src/main.ts'), { code: 'file-system/not-found' });
    const other = await openFileSystem(content, tree, temporaryDirectory(context));
    assert.equal((await bytesAt(other, 'a.txt')).toString(), 'hello');
    await again.close();
  });
});
