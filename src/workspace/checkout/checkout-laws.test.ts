import assert from 'node:assert/strict';
import fs, { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { Hash } from '../../base/hash.ts';
import { described, temporaryDirectory } from '../fixtures.ts';
import { importDirectory } from '../import-directory.ts';
import { checkoutOf, onDisk, type TestCheckout } from './checkout-fixtures.ts';

type Operation =
  | { readonly do: 'write'; readonly path: string; readonly text: string }
  | { readonly do: 'remove'; readonly path: string }
  | { readonly do: 'mkdir'; readonly path: string }
  | { readonly do: 'rename'; readonly path: string; readonly to: string }
  | { readonly do: 'link'; readonly path: string; readonly to: string }
  | { readonly do: 'mode'; readonly path: string; readonly mode: number }
  | { readonly do: 'ignore'; readonly path: string; readonly text: string }
  | { readonly do: 'snapshot' }
  | { readonly do: 'update'; readonly to: number };

/** Stands for the absolute path of a directory outside of the workspace. */
const outsideMark = '(outside)';

const names = fc.constantFrom('a', 'b', 'build', 'x.log', 'a-b');
const path = fc.array(names, { minLength: 1, maxLength: 3 }).map((segments) => segments.join('/'));
const directory = fc.array(names, { maxLength: 2 }).map((segments) => segments.join('/'));

const operations: fc.Arbitrary<Operation> = fc.oneof(
  // All texts have one size: what tells them apart is only when they were written.
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('write'), path, text: fc.constantFrom('1', '2', '3') }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove'), path }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('mkdir'), path }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rename'), path, to: path }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('link'),
      path,
      to: fc.constantFrom('a', 'b/a', 'nowhere', outsideMark),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('mode'), path, mode: fc.constantFrom(0o755, 0o600, 0o664) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('ignore'),
      path: directory,
      text: fc.constantFrom('', '*.log\n', 'build/\n', '/a\n', '*.log\n!x.log\n', '.gitignore\nb\n'),
    }),
  },
  { weight: 5, arbitrary: fc.constant<Operation>({ do: 'snapshot' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('update'), to: fc.nat(20) }) },
) as fc.Arbitrary<Operation>;

function apply(
  root: string,
  outside: string,
  operation: Exclude<Operation, { do: 'snapshot' | 'update' }>,
): void {
  const at = join(root, operation.path);
  try {
    switch (operation.do) {
      case 'write':
        mkdirSync(dirname(at), { recursive: true });
        writeFileSync(at, operation.text);
        break;
      case 'remove':
        rmSync(at, { recursive: true, force: true });
        break;
      case 'mkdir':
        mkdirSync(at, { recursive: true });
        break;
      case 'rename':
        mkdirSync(dirname(join(root, operation.to)), { recursive: true });
        renameSync(at, join(root, operation.to));
        break;
      case 'link':
        symlinkSync(operation.to === outsideMark ? outside : operation.to, at);
        break;
      case 'mode':
        chmodSync(at, operation.mode | 0o100);
        break;
      case 'ignore':
        mkdirSync(at, { recursive: true });
        writeFileSync(join(at, '.gitignore'), operation.text);
        break;
    }
  } catch (error) {
    // Random operations meet directories where they need files, and links that lead nowhere or out of the workspace.
    const { code } = error as { code?: string };
    assert.match(String(code), /^(ENOTDIR|EISDIR|EEXIST|ENOENT|ENOTEMPTY|EINVAL|ELOOP|EPERM|EACCES)$/);
  }
}

/** What a snapshot must say: what a fresh import says, and what the tree had before as far as it is still there. */
async function expected(checkout: TestCheckout, previous: Hash): Promise<Record<string, string>> {
  const { content, root } = checkout;
  const result = await described(content, (await importDirectory(content, root)).tree);
  const all = await described(content, (await importDirectory(content, root, { all: true })).tree);
  const before = await described(content, previous);
  for (const [path, was] of Object.entries(before)) {
    const now = all[path];
    if (now === undefined) continue;
    const isKept = was.endsWith('/')
      ? now.endsWith('/') && (isChildless(all, path) || isChildless(before, path))
      : !now.endsWith('/');
    if (!isKept) continue;
    for (let at = path; at !== '.'; at = dirname(at)) result[at] = all[at]!;
  }
  return Object.fromEntries(Object.entries(result).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isChildless(tree: Record<string, string>, directory: string): boolean {
  return !Object.keys(tree).some((path) => path.startsWith(`${directory}/`));
}

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
      const want = await expected(checkout, trees.at(-1)!);
      const { tree } = await checkout.checkout.snapshot();
      assert.deepEqual(sorted(await described(content, tree)), want);
      trees.push(tree);
    } else {
      apply(root, outside, operation);
    }
  }
}

/** The permissions that a tree keeps, for a description of what is on disk. */
function normalised(what: string | undefined): string | undefined {
  return what?.replace(/^664 /, '644 ').replace(/^775\//, '755/');
}

function sorted(tree: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(tree).sort(([a], [b]) => (a < b ? -1 : 1)));
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
