import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { Hash } from '../../base/hash.ts';
import { described, temporaryDirectory } from '../fixtures.ts';
import {
  applyOperation,
  expectedSnapshot,
  normalised,
  type Operation,
  operations,
  sorted,
} from '../snapshot-laws-fixtures.ts';
import { checkoutOf, onDisk } from './checkout-fixtures.ts';

/** The tick of the file system's clock in these tests, in ms: long enough that two edits often fall into one. */
const tickMs = 5;

/** Makes timestamps as coarse as many file systems have them. */
function withCoarseClock(context: TestContext): void {
  const { lstatSync, fstatSync } = fs;
  const coarse = <Status extends fs.Stats | undefined>(status: Status): Status => {
    if (status === undefined) return status;
    status.mtimeMs = Math.floor(status.mtimeMs / tickMs) * tickMs;
    status.ctimeMs = Math.floor(status.ctimeMs / tickMs) * tickMs;
    return status;
  };
  fs.lstatSync = ((...args: Parameters<typeof lstatSync>) => coarse(lstatSync(...args) as fs.Stats)) as never;
  fs.fstatSync = ((...args: Parameters<typeof fstatSync>) => coarse(fstatSync(...args) as fs.Stats)) as never;
  syncBuiltinESMExports();
  context.after(() => {
    Object.assign(fs, { lstatSync, fstatSync });
    syncBuiltinESMExports();
  });
}

async function runOperations(context: TestContext, sequence: readonly Operation[]): Promise<void> {
  const checkout = await checkoutOf(context, {
    'a/b/x.log': '644 1',
    'build/a': '644 1',
    b: '644 1',
    'é/é': '755 1',
    'a-b': '-> b',
    'a/empty': '755/',
  });
  const { content, root } = checkout;
  const outside = temporaryDirectory(context);
  const trees: Hash[] = [checkout.tree];
  for (const operation of [...sequence, { do: 'snapshot' } as const]) {
    if (operation.do === 'update') {
      await checkout.checkout.snapshot();
      const target = trees[operation.to % trees.length]!;
      const disk = onDisk(root);
      const failure = await checkout.checkout.update(target).then(
        () => undefined,
        (error: { code: string }) => error.code,
      );
      if (failure === undefined) {
        trees.push(target);
        const wanted = await described(content, target);
        const got = onDisk(root);
        for (const path of Object.keys(wanted)) assert.equal(normalised(got[path]), wanted[path]);
      } else {
        assert.equal(failure, 'workspace/in-the-way');
        assert.deepEqual(onDisk(root), disk);
      }
    } else if (operation.do === 'snapshot') {
      const want = await expectedSnapshot(content, root, trees.at(-1)!);
      const { tree } = await checkout.checkout.snapshot();
      assert.deepEqual(sorted(await described(content, tree)), want);
      trees.push(tree);
    } else {
      applyOperation(root, outside, operation);
    }
  }
}

test('a snapshot says what a fresh import says, whatever was done', async (context) => {
  withCoarseClock(context);
  await fc.assert(
    fc.asyncProperty(fc.array(operations, { minLength: 1, maxLength: 30, size: 'max' }), (sequence) =>
      runOperations(context, sequence),
    ),
    { numRuns: 60 },
  );
});

test('an update that takes an ignore file away has what it passed over counted', async (context) => {
  const build = { do: 'write', path: 'build/b/a', text: '1' } as const;
  await runOperations(context, [
    { do: 'snapshot' },
    { do: 'ignore', path: '', text: 'build/\n' },
    build,
    { do: 'snapshot' },
    { do: 'update', to: 1 },
  ]);
});
