import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '../base/error.ts';
import type { FileName, TreePath } from '../tree/path.ts';
import { encodeGitTree, type GitTreeEntry, gitMode, parseGitTree } from './git-tree.ts';
import type { ObjectId } from './object-id.ts';
import { checkPath } from './refused-paths.ts';
import { ScratchRepository } from './scratch-repository.ts';

const id = 'a1'.repeat(20) as ObjectId;

function entry(name: string, mode: number = gitMode.file): GitTreeEntry {
  return { name: name as FileName, mode, id };
}

function raw(...entries: readonly string[]): Buffer {
  const rawId = Buffer.from(id, 'hex');
  return Buffer.concat(entries.flatMap((head) => [Buffer.from(`${head}\0`, 'latin1'), rawId]));
}

describe('the codec of git trees', () => {
  test('writes what git writes', (t) => {
    const scratch = ScratchRepository.create(t);
    const blob = scratch.blob('x');
    const tree = scratch.literalTree(['100644', 'x', blob]);
    const entries: GitTreeEntry[] = [
      { name: 'a' as FileName, mode: gitMode.directory, id: tree },
      { name: 'a.b' as FileName, mode: gitMode.executable, id: blob },
      { name: 'a0' as FileName, mode: gitMode.symlink, id: blob },
      { name: '\xff\n' as FileName, mode: gitMode.groupWritableFile, id: blob },
      { name: 'sub' as FileName, mode: gitMode.gitlink, id },
    ];
    const lines = entries.map(({ name, mode, id }) => {
      const type = mode === gitMode.directory ? 'tree' : mode === gitMode.gitlink ? 'commit' : 'blob';
      return `${mode.toString(8)} ${type} ${id}\t${name}\0`;
    });
    const expected = scratch.git(['mktree', '-z', '--missing'], Buffer.from(lines.join(''), 'latin1'));
    const args = ['hash-object', '-t', 'tree', '--stdin'];
    assert.equal(scratch.git(args, encodeGitTree(entries)), expected);
  });

  test('parsing gives back what was encoded, in the order of names', () => {
    const names = fc
      .string({ unit: 'binary-ascii', minLength: 1, maxLength: 6 })
      .filter((name) => !/[/\0]/.test(name));
    const modes = fc.constantFrom(...Object.values(gitMode));
    const entries = fc.uniqueArray(fc.tuple(names, modes), { selector: ([name]) => name });
    fc.assert(
      fc.property(entries, (pairs) => {
        const expected = pairs.map(([name, mode]) => entry(name, mode));
        const { entries: parsed, canonical } = parseGitTree(encodeGitTree(expected), 20, '');
        assert.deepEqual(
          parsed,
          expected.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
        );
        assert.equal(canonical, true);
      }),
    );
  });

  test('tells what git would write otherwise', () => {
    const canonical = (bytes: Buffer) => parseGitTree(bytes, 20, '').canonical;
    assert.equal(canonical(raw('40000 a')), true);
    assert.equal(canonical(raw('040000 a')), false);
    assert.equal(canonical(raw('100640 a')), false);
    assert.equal(canonical(raw('100644 b', '100644 a')), false);
    // `a.b` comes before `a/`: the order of names alone is the wrong one.
    assert.equal(canonical(raw('40000 a', '100644 a.b')), false);
    assert.equal(canonical(raw('100644 a.b', '40000 a')), true);
  });

  test('refuses what is no tree', () => {
    const wrong = [
      raw('100644 a').subarray(0, -1),
      raw('10x644 a'),
      Buffer.from('100644'),
      Buffer.from('100644 a'),
      raw('100644 a', '100644 a'),
      raw('100644 a', '100644 a.b', '40000 a'),
    ];
    for (const bytes of wrong) {
      assert.throws(
        () => parseGitTree(bytes, 20, 'src'),
        (error) => hasCode(error, 'git/tree-malformed'),
      );
    }
  });
});

describe('paths that are refused', () => {
  const refused = (path: string) => {
    try {
      checkPath(path as TreePath, path.slice(path.lastIndexOf('/') + 1));
      return false;
    } catch (error) {
      assert.ok(hasCode(error, 'git/path-refused'));
      return true;
    }
  };

  test('what could be taken for .git, no name at all, too long, or reserved', () => {
    const names = ['', '.', '..', 'a/..', '.git', 'a/.GIT', '.git ', '.git. .', '.git::$INDEX_ALLOCATION'];
    names.push('git~1', 'GIT~1', '.g\xe2\x80\x8cit', '\xef\xbb\xbf.git', 'a'.repeat(256), '.micelio-session');
    names.push(`${'d'.repeat(200)}/`.repeat(21), '.git\\x');
    for (const name of names) assert.equal(refused(name), true, JSON.stringify(name));
  });

  test('nothing else', () => {
    const names = [
      '.gitignore',
      '.github',
      '.git-blame-ignore-revs',
      'git',
      'git~2',
      '.g\xe2\x80\x99it',
      '...',
      '.gi',
    ];
    names.push('a'.repeat(255), 'a/.micelio-session', 'line\nbreak', '\xff\xfe', ' ', 'a\\b', 'C:', '.gita');
    for (const name of names) assert.equal(refused(name), false, JSON.stringify(name));
  });
});
