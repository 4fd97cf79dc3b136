import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TreePath } from '../tree/path.ts';
import { temporaryDirectory } from './fixtures.ts';
import { IgnoreRules } from './ignore-rules.ts';
import { walk } from './walk.ts';

test('a nested file overrules those above it, for the directory and all that is in it', () => {
  const outer = IgnoreRules.none.with('' as TreePath, 'build/\n*.log\n');
  const inner = outer.with('packages/a' as TreePath, '!build/\n!keep.log\n/only\nsub/deep\n');
  const ignored = (path: string, type: 'directory' | 'other' = 'other') =>
    inner.ignores(path as TreePath, type);
  assert.equal(ignored('build', 'directory'), true);
  assert.equal(ignored('packages/b/build', 'directory'), true);
  assert.equal(ignored('packages/a/build', 'directory'), false);
  assert.equal(ignored('packages/a/build/out.js'), false);
  assert.equal(ignored('packages/a/x/keep.log'), false);
  assert.equal(ignored('keep.log'), true);
  assert.equal(ignored('packages/a/only'), true);
  assert.equal(ignored('packages/a/x/only'), false);
  assert.equal(ignored('packages/a/sub/deep'), true);
  assert.equal(ignored('packages/a/x/sub/deep'), false);
});

test('a directory whose name has the characters of patterns is itself and no pattern', () => {
  const rules = IgnoreRules.none.with('a[b]*' as TreePath, 'x\n');
  assert.equal(rules.ignores('a[b]*/x' as TreePath, 'other'), true);
  assert.equal(rules.ignores('ab/x' as TreePath, 'other'), false);
});

const names = fc.constantFrom('a', 'b', 'build', 'x.log', 'é', 'd d');
const patterns = fc.constantFrom(
  'a',
  '/a',
  'a/',
  'a/b',
  '!a',
  '!/a/b',
  '*.log',
  '!x.log',
  'build/',
  '**/b',
  'a/**',
  '/*',
  '!/build',
  'é',
  '# a',
  '\\#',
  '[ab]',
  'a/*/b',
  '  ',
  'x.log ',
);

test('what is kept is what git would add', (context) => {
  let run = 0;
  const base = temporaryDirectory(context);
  fc.assert(
    fc.property(
      fc.array(fc.array(names, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 10 }),
      fc.array(
        fc.tuple(fc.array(names, { maxLength: 2 }), fc.array(patterns, { minLength: 1, maxLength: 4 })),
        { maxLength: 3 },
      ),
      (files, ignores) => {
        const root = join(base, String(run++));
        mkdirSync(root);
        for (const segments of files) tryWrite(join(root, ...segments), 'x');
        for (const [segments, lines] of ignores)
          tryWrite(join(root, ...segments, '.gitignore'), lines.join('\n'));
        execFileSync('git', ['init', '-q'], { cwd: root });
        const listed = execFileSync('git', ['ls-files', '-z', '--others', '--exclude-standard'], {
          cwd: root,
        });
        const expected = listed
          .toString('latin1')
          .split('\0')
          .filter((name) => name !== '')
          .sort();
        const kept: string[] = [];
        walk(
          { root, ignoring: true, nestedRepositories: 'leave' },
          '' as TreePath,
          IgnoreRules.none,
          ({ found }) => {
            for (const item of found) if (item.kind === 'file') kept.push(item.path);
          },
        );
        assert.deepEqual(kept.sort(), expected);
      },
    ),
    { numRuns: 60 },
  );
});

/** Random paths may meet a file where they need a directory: such a file is left out. */
function tryWrite(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    assert.match(String((error as { code?: unknown }).code), /ENOTDIR|EEXIST|EISDIR/);
  }
}
