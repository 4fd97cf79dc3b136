import assert from 'node:assert/strict';
import { chmodSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { Hash } from '../../base/hash.ts';
import { onDisk, treeOf } from '../checkout/checkout-fixtures.ts';
import { described, memoryContent, temporaryDirectory } from '../fixtures.ts';
import {
  applyOperation,
  expectedSnapshot,
  normalised,
  type Operation,
  operations,
  sorted,
} from '../snapshot-laws-fixtures.ts';
import { applyTree } from './apply.ts';
import { captureTree } from './capture.ts';
import { fileSystemOn, PathFiles } from './mount-fixtures.ts';

const base = {
  'a/b/x.log': '644 1',
  'build/a': '644 1',
  b: '644 1',
  'é/é': '755 1',
  'a-b': '-> nowhere',
  'a/empty': '755/',
};

type FileOperation = Exclude<Operation, { do: 'snapshot' | 'update' }>;

/** Does to the session's files what was done to those of a directory. */
async function mirror(files: PathFiles, operation: FileOperation): Promise<void> {
  const above = dirname(operation.path) === '.' ? '' : dirname(operation.path);
  switch (operation.do) {
    case 'write':
      await files.makeDirectories(above);
      return files.write(operation.path, operation.text);
    case 'remove':
      return files.removeAll(operation.path);
    case 'mkdir':
      return files.makeDirectories(operation.path);
    case 'rename':
      await files.makeDirectories(dirname(operation.to) === '.' ? '' : dirname(operation.to));
      return files.rename(operation.path, operation.to);
    case 'link':
      return files.symlink(operation.path, 'nowhere');
    case 'mode':
      return files.chmod(operation.path, operation.mode | 0o100);
    case 'ignore':
      await files.makeDirectories(operation.path);
      return files.write(
        operation.path === '' ? '.gitignore' : `${operation.path}/.gitignore`,
        operation.text,
      );
  }
}

/** Whether a symlink lies on the way to `path`, or there: what it leads to is no affair of this test. */
function meetsSymlink(root: string, path: string): boolean {
  let at = root;
  for (const name of path.split('/')) {
    at = join(at, name);
    const status = lstatSync(at, { throwIfNoEntry: false });
    if (status?.isSymbolicLink()) return true;
    if (!status?.isDirectory()) return false;
  }
  return false;
}

function write(root: string, files: Record<string, string>): void {
  mkdirSync(root, { recursive: true });
  for (const [path, what] of Object.entries(files)) {
    const at = join(root, path);
    mkdirSync(what.endsWith('/') ? at : dirname(at), { recursive: true });
    if (what.startsWith('-> ')) symlinkSync(what.slice(3), at);
    else {
      if (!what.endsWith('/')) writeFileSync(at, what.slice(what.indexOf(' ') + 1));
      chmodSync(at, Number.parseInt(what, 8));
    }
  }
}

async function runOperations(context: TestContext, sequence: readonly Operation[]): Promise<void> {
  const content = memoryContent();
  const tree = await treeOf(content, base);
  const kept = temporaryDirectory(context);
  let files = new PathFiles(await fileSystemOn(content, tree, kept));
  const root = temporaryDirectory(context);
  write(root, base);
  const trees: Hash[] = [tree];
  let step = 0;
  for (const operation of [...sequence, { do: 'snapshot' } as const]) {
    if (++step % 7 === 0) {
      await files.fileSystem.close();
      files = new PathFiles(await fileSystemOn(content, tree, kept));
    }
    if (operation.do === 'update') {
      trees.push((await captureTree(files.fileSystem, content)).tree);
      const target = trees[operation.to % trees.length]!;
      const before = await files.described();
      const failure = await applyTree(files.fileSystem, content, target).then(
        () => undefined,
        (error: { code: string }) => error.code,
      );
      const after = await files.described();
      if (failure === undefined) {
        trees.push(target);
        const wanted = await described(content, target);
        for (const path of Object.keys(wanted)) assert.equal(normalised(after[path]), wanted[path], path);
        rmSync(root, { recursive: true });
        write(root, after);
      } else {
        assert.equal(failure, 'workspace/in-the-way');
        assert.deepEqual(after, before);
      }
    } else if (operation.do === 'snapshot') {
      const want = await expectedSnapshot(content, root, trees.at(-1)!);
      const { tree: got } = await captureTree(files.fileSystem, content);
      assert.deepEqual(sorted(await described(content, got)), want);
      trees.push(got);
    } else {
      if (meetsSymlink(root, operation.path)) continue;
      if (operation.do === 'rename' && meetsSymlink(root, operation.to)) continue;
      applyOperation(root, '/nowhere', operation.do === 'link' ? { ...operation, to: 'nowhere' } : operation);
      await mirror(files, operation).catch((error: unknown) => {
        assert.ok(/^file-system\//.test((error as { code: string }).code), String(error));
      });
      assert.deepEqual(sorted(await files.described()), sorted(onDisk(root)));
    }
  }
}

test('a capture says what a fresh import of the same files says, whatever was done', async (context) => {
  await fc.assert(
    fc.asyncProperty(fc.array(operations, { minLength: 1, maxLength: 30, size: 'max' }), (sequence) =>
      runOperations(context, sequence),
    ),
    { numRuns: 60 },
  );
});
