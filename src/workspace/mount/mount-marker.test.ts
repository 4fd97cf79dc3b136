import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileSystem, InodeNumber } from '../../vfs/file-system.ts';
import { baseOwner, contentWith, openFileSystem, temporaryDirectory } from '../../vfs/fixtures.ts';
import { resident } from '../../vfs/resident.ts';
import { writeMountMarker } from './mount-marker.ts';

const caller = { ...baseOwner, groups: [] };

async function find(fileSystem: FileSystem, path: string): Promise<InodeNumber> {
  let inode = fileSystem.root;
  for (const name of path.split('/')) {
    inode = (await resident(() => fileSystem.lookup(caller, inode, name))).inode;
  }
  return inode;
}

async function read(fileSystem: FileSystem, path: string): Promise<string> {
  const inode = await find(fileSystem, path);
  const { pieces } = await resident(() => fileSystem.read(caller, inode, 0, 4096));
  return Buffer.concat(pieces).toString();
}

test('the marker of a mount says whose it is, and stays as it is', async (context) => {
  const { content, tree } = await contentWith({ 'a.txt': { bytes: Buffer.from('a') } });
  const fileSystem = await openFileSystem(content, tree, temporaryDirectory(context));
  const session = { store: '/store', project: 'acme/web', session: 'sess-4k2m9x7qw0ab' };
  await writeMountMarker(fileSystem, caller, { kind: 'mount', tree, session });
  const text = await read(fileSystem, '.micelio-session/session.json');
  assert.deepEqual(JSON.parse(text), { format: 'micelio-mount', version: 1, tree, session });
  assert.equal(await read(fileSystem, '.micelio-session/.gitignore'), '*\n');

  const before = fileSystem.attributes(await find(fileSystem, '.micelio-session/session.json'));
  await writeMountMarker(fileSystem, caller, { kind: 'mount', tree, session: 'another' });
  assert.deepEqual(fileSystem.attributes(await find(fileSystem, '.micelio-session/session.json')), before);
  await fileSystem.close();
});
