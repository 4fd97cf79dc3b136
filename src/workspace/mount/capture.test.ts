import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStore } from '../../storage/memory-store.ts';
import { treeOf } from '../checkout/checkout-fixtures.ts';
import { contentIn, described, memoryContent, temporaryDirectory } from '../fixtures.ts';
import { captureTree } from './capture.ts';
import { fileSystemOn, PathFiles } from './mount-fixtures.ts';

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

test('what was captured and never recorded may be collected: then all is captured again', async (context) => {
  const store = new MemoryStore();
  const base = await treeOf(contentIn(store), { a: '644 a', 'kept/b': '644 b', 'gone/c': '644 c' });
  const before = new Set<string>();
  for await (const { key } of store.list('')) before.add(key);
  const directory = temporaryDirectory(context);
  const first = new PathFiles(await fileSystemOn(contentIn(store), base, directory));
  await first.write('a', 'changed');
  await first.write('kept/new', 'new');
  await first.removeAll('gone');
  await captureTree(first.fileSystem, contentIn(store));
  await first.fileSystem.close();
  for await (const { key } of store.list('')) if (!before.has(key)) await store.delete(key);

  const content = contentIn(store);
  const files = new PathFiles(await fileSystemOn(content, base, directory));
  await files.write('kept/last', 'last');
  const { tree } = await captureTree(files.fileSystem, content);
  assert.deepEqual(await described(contentIn(store), tree), {
    a: '644 changed',
    kept: '755/',
    'kept/b': '644 b',
    'kept/last': '644 last',
    'kept/new': '644 new',
  });
});
