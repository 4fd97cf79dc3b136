import assert from 'node:assert/strict';
import { test } from 'node:test';
import { treeOf } from '../checkout/checkout-fixtures.ts';
import { described, memoryContent } from '../fixtures.ts';
import { captureTree } from './capture.ts';
import { PathFiles } from './mount-fixtures.ts';

test('what was recorded is read again only where the store has lost it', async (context) => {
  const content = memoryContent();
  const files = await PathFiles.on(context, content, await treeOf(content, { a: '644 a' }));
  await files.write('new', 'written');
  const { data } = files.fileSystem.volume;
  const { read } = data;
  const sizesRead: number[] = [];
  data.read = (inode, offset, count) => {
    sizesRead.push(inode.size);
    return read.call(data, inode, offset, count);
  };
  await captureTree(files.fileSystem, content);
  assert.deepEqual(sizesRead.splice(0), ['written'.length]);

  await files.rename('new', 'moved');
  const { tree } = await captureTree(files.fileSystem, content);
  assert.deepEqual(sizesRead, []);
  assert.deepEqual(await described(content, tree), { a: '644 a', moved: '644 written' });

  content.blobs.has = () => false;
  await files.rename('moved', 'again');
  await captureTree(files.fileSystem, content);
  assert.deepEqual(sizesRead, ['written'.length]);
});

test('nothing is looked at while nothing changes', async (context) => {
  const content = memoryContent();
  const tree = await treeOf(content, { 'a/b': '644 x' });
  const files = await PathFiles.on(context, content, tree);
  assert.deepEqual(await captureTree(files.fileSystem, content), { tree, leftBehind: [] });
  await files.fifo('a/pipe');
  const first = await captureTree(files.fileSystem, content);
  assert.deepEqual(
    first.leftBehind.map(({ path }) => path),
    ['a/pipe'],
  );
  files.fileSystem.volume.overlay.allNames = () => assert.fail('listed');
  assert.deepEqual(await captureTree(files.fileSystem, content), first);
});
