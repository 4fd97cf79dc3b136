import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import type { Hash } from '../base/hash.ts';
import { described } from './fixtures.ts';
import { importDirectory } from './import-directory.ts';
import type { ProjectContent } from './project-content.ts';

/** Something that is done to a workspace, or that a workspace is asked to do. */
export type Operation =
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

/** For tests: any of them. */
export const operations: fc.Arbitrary<Operation> = fc.oneof(
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

/** For tests: does it to the files below `root`. */
export function applyOperation(
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
    // Node.js 26 removes by another library, and has no code for a loop of links then.
    assert.match(String(code), /^(|ENOTDIR|EISDIR|EEXIST|ENOENT|ENOTEMPTY|EINVAL|ELOOP|EPERM|EACCES)$/);
  }
}

/**
 * For tests: what a snapshot of the files below `root` must say: what a fresh import says, and what the tree `previous`
 * had as far as it is still there.
 */
export async function expectedSnapshot(
  content: ProjectContent,
  root: string,
  previous: Hash,
): Promise<Record<string, string>> {
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

/** For tests: the permissions that a tree keeps, for a description of what is on disk. */
export function normalised(what: string | undefined): string | undefined {
  return what?.replace(/^664 /, '644 ').replace(/^775\//, '755/');
}

/** For tests: a description in the order of its paths. */
export function sorted(tree: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(tree).sort(([a], [b]) => (a < b ? -1 : 1)));
}
