import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { noteBehind, noteTowards, readBehind } from './behind-note.ts';
import { checkoutsOf } from './checkouts.ts';
import { FileLock } from './file-lock.ts';
import { type BranchMove, catchUp, moveBranch } from './move-branch.ts';
import type { ObjectId } from './object-id.ts';
import { moveRefs, type RefName } from './refs.ts';
import { file, ScratchRepository } from './scratch-repository.ts';

const main = 'refs/heads/main' as RefName;
const ten = Array.from({ length: 10 }, (_, i) => `line ${i}\n`);
const lines = (edits: Readonly<Record<number, string>> = {}) =>
  ten.map((line, i) => (edits[i] === undefined ? line : `${edits[i]}\n`)).join('');

/** A repository with a checked-out main, and a commit on top of it that main is not at yet. */
async function setUp(t: TestContext) {
  const scratch = ScratchRepository.create(t, { bare: false });
  const path = (name: string) => join(scratch.directory, name);
  const write = (name: string, text: string) => {
    mkdirSync(join(path(name), '..'), { recursive: true });
    writeFileSync(path(name), text);
  };
  const read = (name: string) => readFileSync(path(name), 'utf8');
  for (const name of ['edited', 'plain', 'gone', 'other', 'dir/deep']) write(name, lines());
  scratch.git(['add', '.']);
  scratch.git(['commit', '-qm', 'first']);
  const first = scratch.git(['rev-parse', 'HEAD']) as ObjectId;
  write('edited', lines({ 0: 'theirs' }));
  write('plain', lines({ 5: 'theirs' }));
  write('new/file', 'new\n');
  rmSync(path('gone'));
  rmSync(path('dir'), { recursive: true });
  scratch.git(['add', '-A']);
  scratch.git(['commit', '-qm', 'second']);
  const second = scratch.git(['rev-parse', 'HEAD']) as ObjectId;
  scratch.git(['reset', '-q', '--hard', first]);
  const repository = await scratch.open();
  const checkouts = await checkoutsOf(repository, main, 'beside');
  const move = (options: Partial<BranchMove> = {}) =>
    moveBranch(checkouts, {
      repository,
      branch: main,
      expected: first,
      waitMs: 50,
      move: () => moveRefs(repository, [{ ref: main, expected: first, next: second }], 'test'),
      ...options,
    });
  const status = () => scratch.git(['status', '--porcelain', '-uall']);
  return { scratch, path, write, read, first, second, repository, checkouts, move, status };
}

const followed = (conflicts: readonly string[] = []) => [{ outcome: 'followed', conflicts }];
const brief = (notes: readonly { outcome: string; conflicts: readonly string[] }[]) =>
  notes.map(({ outcome, conflicts }) => ({ outcome, conflicts }));

test('the checkouts of a branch are those that git has', async (t) => {
  const { scratch, repository } = await setUp(t);
  const directories = async (own: 'beside' | 'elsewhere' = 'beside') =>
    (await checkoutsOf(repository, main, own)).map(({ directory }) => directory);
  assert.deepEqual(await directories(), [scratch.directory]);
  assert.deepEqual(await directories('elsewhere'), [scratch.directory]);
  scratch.git(['checkout', '-q', '--detach']);
  assert.deepEqual(await directories(), []);
  scratch.git(['checkout', '-q', '-b', 'other']);
  assert.deepEqual(await directories(), []);
  const linked = join(scratch.directory, 'linked');
  scratch.git(['worktree', 'add', '-q', linked, 'main']);
  assert.deepEqual(await directories(), [linked]);
});

describe('a checkout whose branch moves', () => {
  test('follows where it is clean', async (t) => {
    const { move, status, read, path } = await setUp(t);
    const { result, notes } = await move();
    assert.equal(result.outcome, 'moved');
    assert.deepEqual(brief(notes), followed());
    assert.equal(status(), '');
    assert.equal(read('edited'), lines({ 0: 'theirs' }));
    assert.equal(read('new/file'), 'new\n');
    assert.ok(!existsSync(path('gone')) && !existsSync(path('dir')));
  });

  for (const format of ['sha1', 'sha256'] as const) {
    test(`gets its first commit, and what was staged for it stays (${format})`, async (t) => {
      const scratch = ScratchRepository.create(t, { bare: false, format });
      const path = (name: string) => join(scratch.directory, name);
      const commit = scratch.commit(
        new Map([
          ['dir/new', file('new\n')],
          ['mine', file('theirs\n')],
        ]),
      );
      scratch.git(['update-ref', '-d', main]);
      const repository = await scratch.open();
      const moved = async () => {
        const checkouts = await checkoutsOf(repository, main, 'beside');
        const move = () => moveRefs(repository, [{ ref: main, expected: 'absent', next: commit }], 'test');
        return moveBranch(checkouts, { repository, branch: main, expected: 'absent', waitMs: 50, move });
      };
      // Without an index at first; then with one.
      assert.deepEqual(brief((await moved()).notes), followed());
      assert.equal(scratch.git(['status', '--porcelain']), '');
      assert.deepEqual((await moved()).result, { outcome: 'lost' });
      scratch.git(['update-ref', '-d', main]);
      scratch.git(['rm', '-r', '-q', '--cached', '.']);
      rmSync(path('dir'), { recursive: true });
      for (const name of ['mine', 'staged', 'untracked']) writeFileSync(path(name), `${name}\n`);
      scratch.git(['add', 'staged']);
      assert.deepEqual(brief((await moved()).notes), followed(['mine']));
      assert.equal(scratch.git(['status', '--porcelain']), 'AA mine\nA  staged\n?? untracked');
      assert.equal(readFileSync(path('mine'), 'utf8'), 'mine\n');
      assert.equal(readFileSync(path('dir/new'), 'utf8'), 'new\n');
      const [first] = await checkoutsOf(repository, main, 'beside');
      assert.equal(await readBehind(first!), undefined);
    });
  }

  test('keeps edits of other files, staged or not, and what is untracked', async (t) => {
    const { scratch, move, status, write } = await setUp(t);
    write('other', 'mine\n');
    write('staged', 'mine\n');
    write('untracked', 'mine\n');
    scratch.git(['add', 'staged']);
    const before = status();
    assert.deepEqual(brief((await move()).notes), followed());
    assert.equal(status(), before);
  });

  test('merges edits of the same file, and they stay unstaged', async (t) => {
    const { move, status, write, read } = await setUp(t);
    write('edited', lines({ 9: 'mine' }));
    const { notes } = await move();
    assert.deepEqual(brief(notes), followed());
    assert.deepEqual(notes[0]?.merged, ['edited']);
    assert.equal(read('edited'), lines({ 0: 'theirs', 9: 'mine' }));
    assert.equal(status(), 'M edited');
  });

  test('merges staged edits, and they stay staged', async (t) => {
    const { scratch, move, status, write, read } = await setUp(t);
    write('edited', lines({ 9: 'mine' }));
    scratch.git(['add', 'edited']);
    write('edited', lines({ 8: 'later', 9: 'mine' }));
    assert.deepEqual(brief((await move()).notes), followed());
    assert.equal(scratch.git(['show', ':edited']), lines({ 0: 'theirs', 9: 'mine' }).trim());
    assert.equal(read('edited'), lines({ 0: 'theirs', 8: 'later', 9: 'mine' }));
    assert.equal(status(), 'MM edited');
  });

  test('leaves a file as it is where edits conflict, and git commits nothing until that is resolved', async (t) => {
    const { scratch, move, status, write, read } = await setUp(t);
    write('edited', lines({ 0: 'mine' }));
    write('gone', lines({ 3: 'mine' }));
    write('new/file', 'mine\n');
    const { notes } = await move();
    assert.deepEqual(brief(notes), followed(['edited', 'gone', 'new/file']));
    assert.equal(read('edited'), lines({ 0: 'mine' }));
    assert.equal(read('gone'), lines({ 3: 'mine' }));
    assert.equal(read('new/file'), 'mine\n');
    assert.equal(status(), 'UU edited\nUD gone\nAA new/file');
    assert.equal(scratch.git(['show', ':2:edited']), lines({ 0: 'mine' }).trim());
    assert.equal(scratch.git(['show', ':3:edited']), lines({ 0: 'theirs' }).trim());
    assert.throws(() => scratch.git(['commit', '-qm', 'over it']), /unmerged/);
    // What nobody had touched has followed all the same.
    assert.equal(read('plain'), lines({ 5: 'theirs' }));
  });

  test('never writes through a symlink that has taken the place of a directory', async (t) => {
    const { scratch, move, path, write, read } = await setUp(t);
    const outside = ScratchRepository.create(t).directory;
    symlinkSync(outside, path('new'));
    write('edited', lines({ 9: 'mine' }));
    assert.deepEqual(brief((await move()).notes), followed(['new/file']));
    assert.ok(!existsSync(join(outside, 'file')));
    assert.equal(scratch.git(['ls-files', '--stage', 'new/file']).split(/\s+/)[2], '3');
    assert.equal(read('edited'), lines({ 0: 'theirs', 9: 'mine' }));
  });

  test('a file in the way that is the same is none', async (t) => {
    const { move, status, write } = await setUp(t);
    write('new/file', 'new\n');
    write('edited', lines({ 0: 'theirs' }));
    assert.deepEqual(brief((await move()).notes), followed());
    assert.equal(status(), '');
  });

  test('is left where git is at work in it, and brought along by the next', async (t) => {
    const { move, repository, path, checkouts, first, status, read } = await setUp(t);
    writeFileSync(path('.git/index.lock'), 'git');
    const { result, notes } = await move();
    assert.equal(result.outcome, 'moved');
    assert.equal(notes[0]!.outcome, 'left');
    assert.deepEqual(await readBehind(checkouts[0]!), { at: first, towards: undefined });
    assert.equal(readFileSync(path('.git/index.lock'), 'utf8'), 'git');
    unlinkSync(path('.git/index.lock'));
    assert.deepEqual(brief(await catchUp(checkouts, repository, main, 50)), followed());
    assert.equal(status(), '');
    assert.equal(read('plain'), lines({ 5: 'theirs' }));
    assert.equal(await readBehind(checkouts[0]!), undefined);
  });

  test('a process that was killed with the lock is carried on, and until then nobody can commit', async (t) => {
    const { move, scratch, path, checkouts, repository, first, second, status } = await setUp(t);
    const { pid } = spawnSync(process.execPath, ['-e', '0']);
    await noteBehind(checkouts[0]!, first);
    writeFileSync(path('.git/index.lock'), `micelio ${pid} ${hostname()}\n`);
    scratch.git(['update-ref', main, second]);
    assert.throws(() => scratch.git(['commit', '-qam', 'undoes']), /index\.lock/);
    assert.deepEqual(brief(await catchUp(checkouts, repository, main, 50)), followed());
    assert.equal(status(), '');
    assert.equal((await move()).result.outcome, 'lost');
    assert.ok(!existsSync(path('.git/index.lock')));
  });

  test('what a killed process has brought already is nobody’s edit, wherever the branch has gone since', async (t) => {
    const { scratch, checkouts, repository, first, second, status, path, read } = await setUp(t);
    scratch.git(['checkout', '-q', '--detach', second]);
    writeFileSync(path('edited'), lines({ 0: 'theirs again' }));
    scratch.git(['commit', '-qam', 'third']);
    const third = scratch.git(['rev-parse', 'HEAD']);
    scratch.git(['checkout', '-q', 'main']);
    await noteTowards(checkouts[0]!, first, second);
    writeFileSync(path('edited'), lines({ 0: 'theirs' }));
    scratch.git(['update-ref', main, third]);
    assert.deepEqual(brief(await catchUp(checkouts, repository, main, 50)), followed());
    assert.equal(status(), '');
    assert.equal(read('edited'), lines({ 0: 'theirs again' }));
    assert.equal(await readBehind(checkouts[0]!), undefined);
  });

  test('has nothing done to it when the branch is not what was expected', async (t) => {
    const { move, second, status, checkouts } = await setUp(t);
    assert.equal((await move({ expected: second })).result.outcome, 'lost');
    assert.equal(status(), '');
    assert.equal(await readBehind(checkouts[0]!), undefined);
  });

  test('linked worktrees follow, also of a bare repository', async (t) => {
    const { scratch, path, second } = await setUp(t);
    scratch.git(['switch', '-q', '--detach']);
    const linked = `${scratch.directory}-linked`;
    t.after(() => rmSync(linked, { recursive: true, force: true }));
    scratch.git(['worktree', 'add', '-q', linked, 'main']);
    const repository = await scratch.open();
    const checkouts = await checkoutsOf(repository, main, 'beside');
    assert.deepEqual(
      checkouts.map(({ directory }) => directory),
      [linked],
    );
    const expected = scratch.git(['rev-parse', 'main']) as ObjectId;
    const move = () => moveRefs(repository, [{ ref: main, expected, next: second }], 'test');
    await moveBranch(checkouts, { repository, branch: main, expected, move, waitMs: 50 });
    assert.equal(readFileSync(join(linked, 'new/file'), 'utf8'), 'new\n');
    assert.ok(existsSync(path('gone')));
  });
});

describe('a lock that is a file', () => {
  test('is one process’s at a time, and taken over when that is gone or has forgotten it', async (t) => {
    const path = join(ScratchRepository.create(t).directory, 'lock');
    const lock = await FileLock.take(path, 0);
    assert.ok(lock);
    assert.equal(await FileLock.take(path, 0), undefined);
    await lock.release();
    const { pid } = spawnSync(process.execPath, ['-e', '0']);
    for (const [content, isTaken] of [
      [`micelio ${pid} ${hostname()}\n`, true],
      [`micelio ${pid} elsewhere\n`, false],
      [`micelio ${process.pid} ${hostname()}\n`, false],
      ['DIRC', false],
    ] as const) {
      writeFileSync(path, content);
      const taken = await FileLock.take(path, 0);
      assert.equal(taken !== undefined, isTaken, content);
      await taken?.release();
    }
    writeFileSync(path, 'micelio 1 elsewhere\n');
    const old = new Date(Date.now() - 60_000);
    utimesSync(path, old, old);
    assert.equal(await FileLock.take(path, 0), undefined);
    assert.ok(await FileLock.take(path, 0, 10_000));
  });
});
