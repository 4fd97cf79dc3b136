import assert from 'node:assert/strict';
import { appendFileSync, constants, copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { listAll } from '../../tree/lookup.ts';
import { temporaryDirectory } from '../fixtures.ts';
import { createCheckout } from './checkout.ts';
import { checkoutOf, onDisk, treeOf } from './checkout-fixtures.ts';
import { cloneFiles } from './clone-files.ts';
import type { NewFile } from './tree-writer.ts';

const large = (letter: string): string => `644 ${letter.repeat(20_000)}`;
const files = {
  'd/same': large('s'),
  'd/edited': large('e'),
  other: large('o'),
  small: '644 s',
  mode: large('m'),
};

test('only files that the other checkout has as they are wanted are cloned', async (context) => {
  const { content, root: source, checkout, at } = await checkoutOf(context, files);
  const wanted = { ...files, other: large('O'), mode: large('m').replace('644', '755') };
  const target = await treeOf(content, wanted);
  // Old enough to be beyond doubt.
  await new Promise((resolve) => setTimeout(resolve, 50));
  await checkout.snapshot();
  appendFileSync(at('d/edited'), 'x');
  const root = temporaryDirectory(context);
  mkdirSync(join(root, 'd'));
  const list: NewFile[] = [];
  for await (const { path, entry } of listAll(content.nodes, target)) {
    if (entry.type === 'file') list.push({ path, entry });
  }
  const cloned = await cloneFiles(content.nodes, source, target, root, list, (from, to) => {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  });
  assert.deepEqual(
    [...cloned.keys()].map((index) => list[index]!.path),
    ['d/same'],
  );
  assert.deepEqual(onDisk(root), { d: '755/', 'd/same': large('s') });
});

test('a checkout made beside another is the same, whether the disk can share blocks or not', async (context) => {
  const { content, root, checkout } = await checkoutOf(context, files);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { tree } = await checkout.snapshot();
  const beside = await createCheckout(content, `${root}-beside`, tree, null, { reflinkFrom: root });
  assert.deepEqual(onDisk(beside.directory), onDisk(root));
  assert.equal((await beside.snapshot()).tree, tree);
});
