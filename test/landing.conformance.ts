import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Hash } from '../src/base/hash.ts';
import { readWholeFile } from '../src/blob/file.ts';
import { checkpointSession } from '../src/session/checkpoint.ts';
import { forkSession } from '../src/session/fork.ts';
import { abandonSession, restoreCheckpoint, restoreSession } from '../src/session/keep.ts';
import { resolveConflicts } from '../src/session/landing/conflicts.ts';
import { landSession } from '../src/session/landing/land-session.ts';
import { undoLanding } from '../src/session/landing/undo.ts';
import { requireSession } from '../src/session/project.ts';
import type { Session } from '../src/session/session.ts';
import { finishSync, planSync } from '../src/session/sync.ts';
import { FaultyStore } from '../src/storage/faulty-store.ts';
import type { ObjectStore } from '../src/storage/object-store.ts';
import type { FileEntry } from '../src/tree/entry.ts';
import { listAll } from '../src/tree/lookup.ts';
import { agent, openTestProject, type TestProject, writeFiles } from './test-project.ts';

export interface CrashOptions {
  /** Crashes are tried at every so many operations; at each unless told otherwise. */
  readonly crashStep?: number;
}

type Files = Record<string, string | undefined>;

async function filesOf(project: TestProject, tree: Hash): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const { path, entry } of listAll(project.nodes, tree)) {
    if (entry.type === 'file')
      files[path] = (await readWholeFile(project.blobs, entry as FileEntry)).toString();
  }
  return files;
}

async function headFiles(project: TestProject): Promise<Record<string, string>> {
  return filesOf(project, (await project.ledger.readHead()).head.tree);
}

/** A session with `files` changed in it, recorded. */
async function work(project: TestProject, files: Files, session?: Session): Promise<Session> {
  const open = session ?? (await project.start());
  const tree = await writeFiles(project, open.tree, files);
  return (await checkpointSession(project, open, tree, '')).session;
}

const land = (project: TestProject, { id }: Session) =>
  landSession(project, project.landings, { session: id, message: 'Land it' });

/** What landing promises, whatever the store. `makeStore` gives an empty one for each test. */
export function landingConformance(
  kind: string,
  makeStore: () => ObjectStore,
  { crashStep = 1 }: CrashOptions = {},
): void {
  const projectWith = (files: Files) => openTestProject(files, makeStore());

  describe(`on ${kind}, landing`, () => {
    test('moves the head and archives the session', async () => {
      const project = await projectWith({ 'a.txt': 'a\n', 'dir/b.txt': 'b\n' });
      const session = await work(project, { 'a.txt': 'A\n', 'new/c.txt': 'c\n', 'dir/b.txt': undefined });
      const result = await land(project, session);
      assert.ok(result.outcome === 'landed');
      assert.deepEqual(await headFiles(project), { 'a.txt': 'A\n', 'new/c.txt': 'c\n' });
      assert.deepEqual(result.landing.changes, [
        { kind: 'modified', path: 'a.txt' },
        { kind: 'deleted', path: 'dir/b.txt' },
        { kind: 'added', path: 'new/c.txt' },
      ]);
      assert.equal(result.session.state, 'completed');
      assert.deepEqual(await project.ledger.readLanding(result.landing.sequence), result.landing);
    });

    test('of several that edit one file at once merges each with what those before it came to', async () => {
      const lines = Array.from({ length: 40 }, (_, i) => `${i}\n`);
      const project = await projectWith({ 'a.txt': lines.join('') });
      const edited = (at: number) => lines.with(at, `${at} edited\n`).join('');
      const sessions = [];
      for (const at of [5, 15, 25, 35]) sessions.push(await work(project, { 'a.txt': edited(at) }));
      const [first, ...others] = sessions;
      await land(project, first!);
      const results = await Promise.all(others.map((session) => land(project, session)));
      for (const { outcome } of results) assert.equal(outcome, 'landed');
      const expected = lines.map((line, at) => (at % 10 === 5 ? `${at} edited\n` : line)).join('');
      assert.deepEqual(await headFiles(project), { 'a.txt': expected });
    });

    test('obeys the attributes of the head', async () => {
      const project = await projectWith({
        '.gitattributes': 'LOG merge=union\n*.lock binary\nsub/* merge=union\n',
        LOG: 'a\n',
        'x.lock': '1\n2\n3\n4\n5\n',
        'sub/f': 'a\n',
      });
      const [log, otherLog] = [
        await work(project, { LOG: 'a\nb\n' }),
        await work(project, { LOG: 'a\nc\n' }),
      ];
      const lock = await work(project, { 'x.lock': '0\n2\n3\n4\n5\n' });
      const otherLock = await work(project, { 'x.lock': '1\n2\n3\n4\n6\n' });
      const sub = await work(project, { 'sub/f': 'b\n', 'sub/.gitattributes': 'f !merge\n' });
      const otherSub = await work(project, { 'sub/f': 'c\n' });
      for (const session of [log, otherLog, lock, sub])
        assert.equal((await land(project, session)).outcome, 'landed');
      assert.equal((await headFiles(project)).LOG, 'a\nb\nc\n');
      const kinds = async (session: Session) => {
        const result = await land(project, session);
        assert.ok(result.outcome === 'conflict');
        return result.conflicts.map(({ kind }) => kind);
      };
      assert.deepEqual(await kinds(otherLock), ['binary']);
      assert.deepEqual(await kinds(otherSub), ['content']);
    });

    test('and a sync after it obey the same attributes', async () => {
      const project = await projectWith({ f: '1\n2\n3\n4\n5\n' });
      const [first, second] = [
        await work(project, { f: '0\n2\n3\n4\n5\n', '.gitattributes': 'f -merge\n' }),
        await work(project, { f: '1\n2\n3\n4\n6\n' }),
      ];
      assert.equal((await land(project, first)).outcome, 'landed');
      const result = await land(project, second);
      assert.ok(result.outcome === 'conflict');
      const synced = (await planSync(project, second.id, second.tree))!;
      assert.deepEqual(
        synced.conflicts.map(({ kind, path }) => `${kind} ${path}`),
        result.conflicts.map(({ kind, path }) => `${kind} ${path}`),
      );
    });

    test('of sessions that touch different files keeps both', async () => {
      const project = await projectWith({ 'a.txt': 'a\n', 'b.txt': 'b\n' });
      const [first, second] = [
        await work(project, { 'a.txt': 'A\n' }),
        await work(project, { 'b.txt': 'B\n' }),
      ];
      await land(project, first);
      assert.equal((await land(project, second)).outcome, 'landed');
      assert.deepEqual(await headFiles(project), { 'a.txt': 'A\n', 'b.txt': 'B\n' });
    });

    test('merges changes to different lines of one file', async () => {
      const project = await projectWith({ 'a.txt': '1\n2\n3\n4\n5\n' });
      const [first, second] = [
        await work(project, { 'a.txt': 'one\n2\n3\n4\n5\n' }),
        await work(project, { 'a.txt': '1\n2\n3\n4\nfive\n' }),
      ];
      await land(project, first);
      assert.equal((await land(project, second)).outcome, 'landed');
      assert.deepEqual(await headFiles(project), { 'a.txt': 'one\n2\n3\n4\nfive\n' });
    });

    test('follows a file that the head renamed', async () => {
      const text = Array.from({ length: 20 }, (_, i) => `line ${i}\n`).join('');
      const project = await projectWith({ 'old.txt': text, 'x.txt': 'x' });
      const [first, second] = [
        await work(project, { 'old.txt': undefined, 'lib/new.txt': text }),
        await work(project, { 'old.txt': text.replace('line 7', 'LINE 7') }),
      ];
      const renamed = await land(project, first);
      assert.ok(renamed.outcome === 'landed');
      assert.deepEqual(renamed.landing.changes, [{ kind: 'renamed', path: 'lib/new.txt', from: 'old.txt' }]);
      assert.equal((await land(project, second)).outcome, 'landed');
      assert.deepEqual(await headFiles(project), {
        'lib/new.txt': text.replace('line 7', 'LINE 7'),
        'x.txt': 'x',
      });
    });

    test('a file added to a directory that the head renamed is a conflict, not a file in the old place', async () => {
      const project = await projectWith({ 'old/a.txt': 'aaaa\n', 'old/b.txt': 'bbbb\n' });
      const [first, second] = [
        await work(project, {
          'old/a.txt': undefined,
          'old/b.txt': undefined,
          'new/a.txt': 'aaaa\n',
          'new/b.txt': 'bbbb\n',
        }),
        await work(project, { 'old/c.txt': 'c\n' }),
      ];
      await land(project, first);
      assert.equal((await land(project, second)).outcome, 'conflict');
    });

    test('refuses what has nothing to land, and what is not there', async () => {
      const project = await projectWith({ 'a.txt': 'a\n' });
      await assert.rejects(land(project, await project.start()), { code: 'landing/nothing' });
      await assert.rejects(
        landSession(project, project.landings, { session: 'sess-000000000000' as never, message: 'x' }),
        {
          code: 'session/not-found',
        },
      );
    });

    test('happens once, however often it is asked for', async () => {
      const project = await projectWith({ 'a.txt': 'a\n' });
      const session = await work(project, { 'a.txt': 'A\n' });
      const results = await Promise.all([
        land(project, session),
        land(project, session),
        land(await project.reopen(), session),
      ]);
      results.push(await land(project, session));
      const sequences = results.map((result) => result.outcome === 'landed' && result.landing.sequence);
      assert.deepEqual(new Set(sequences), new Set([2]));
      assert.equal((await project.ledger.readHead()).head.sequence, 2);
    });

    test('of many sessions from several processes lands each exactly once', async () => {
      const project = await projectWith({ 'a.txt': 'a\n' });
      const sessions = await Promise.all(
        Array.from({ length: 40 }, (_, i) => work(project, { [`f${i}.txt`]: `${i}\n` })),
      );
      const others = [project, await project.reopen(), await project.reopen()];
      await Promise.all(sessions.map((session, i) => land(others[i % 3]!, session)));
      const { head } = await project.ledger.readHead();
      assert.equal(head.sequence, 41);
      assert.equal(Object.keys(await headFiles(project)).length, 41);
      const landed = await Promise.all(
        sessions.map(async ({ id }) => (await requireSession(project, id)).landed?.sequence),
      );
      assert.equal(new Set(landed).size, 40);
      for (let sequence = 2; sequence <= 41; sequence++) {
        const landing = await project.ledger.readLanding(sequence);
        assert.equal(landing.before, (await project.ledger.readLanding(sequence - 1)).tree);
      }
    });

    test('killed at every step of storage is done once by the next call', async () => {
      const finished = { crash: 0 };
      for (let crashAt = 1; finished.crash === 0; crashAt += crashStep) {
        for (const when of ['before', 'after'] as const) {
          const store = makeStore();
          const project = await openTestProject({ 'a.txt': '1\n2\n3\n', 'b.txt': 'b\n' }, store);
          const [first, second] = [
            await work(project, { 'a.txt': 'one\n2\n3\n' }),
            await work(project, { 'a.txt': '1\n2\nthree\n' }),
          ];
          await land(project, first);
          const faulty = new FaultyStore(store, { crashAt, when });
          const outcome = await land(await project.reopen(faulty), second).then(
            () => 'landed',
            () => 'killed',
          );
          const again = await land(await project.reopen(), second);
          assert.ok(
            again.outcome === 'landed' && again.landing.sequence === 3,
            `killed ${when} operation ${crashAt}`,
          );
          assert.equal((await project.ledger.readHead()).head.sequence, 3);
          assert.deepEqual(await headFiles(await project.reopen()), {
            'a.txt': 'one\n2\nthree\n',
            'b.txt': 'b\n',
          });
          if (outcome === 'landed') finished.crash = crashAt;
        }
      }
      assert.ok(finished.crash > 8, `${finished.crash} operations`);
    });
  });

  describe(`on ${kind}, a conflict`, () => {
    const conflicted = async () => {
      const project = await projectWith({ 'a.txt': '1\n2\n3\n', 'b.txt': 'b\n' });
      const [first, second] = [
        await work(project, { 'a.txt': '1\ntwo\n3\n' }),
        await work(project, { 'a.txt': '1\nzwei\n3\n', 'b.txt': 'B\n' }),
      ];
      await land(project, first);
      return { project, session: second, result: await land(project, second) };
    };

    test('lands nothing and is told with the lines', async () => {
      const { project, result } = await conflicted();
      assert.ok(result.outcome === 'conflict');
      assert.equal(result.session.state, 'conflicted');
      assert.deepEqual(
        result.conflicts.map(({ path, kind, hunks }) => [path, kind, hunks.length]),
        [['a.txt', 'content', 1]],
      );
      assert.deepEqual(await headFiles(project), { 'a.txt': '1\ntwo\n3\n', 'b.txt': 'b\n' });
    });

    test('is synced, resolved and landed in the same session', async () => {
      const { project, session } = await conflicted();
      const planned = (await planSync(project, session.id, session.tree))!;
      const synced = await finishSync(project, planned);
      const files = await filesOf(project, synced.tree);
      assert.equal(files['a.txt'], '1\n<<<<<<< session\nzwei\n=======\ntwo\n>>>>>>> head\n3\n');
      assert.equal(files['b.txt'], 'B\n');
      await assert.rejects(land(project, synced), { code: 'session/unresolved' });
      await work(project, { 'b.txt': 'BB\n' }, synced);
      await assert.rejects(land(project, synced), { code: 'session/unresolved' });
      await work(project, { 'a.txt': '1\ndeux\n3\n' }, await requireSession(project, session.id));
      assert.equal((await land(project, synced)).outcome, 'landed');
      assert.deepEqual(await headFiles(project), { 'a.txt': '1\ndeux\n3\n', 'b.txt': 'BB\n' });
    });

    test('of a kind without markers is resolved by a word', async () => {
      const project = await projectWith({ 'a.txt': 'a\n', 'b.txt': 'b\n' });
      const [first, second] = [
        await work(project, { 'a.txt': undefined }),
        await work(project, { 'a.txt': 'changed\n' }),
      ];
      await land(project, first);
      assert.equal((await land(project, second)).outcome, 'conflict');
      await finishSync(project, (await planSync(project, second.id, second.tree))!);
      await assert.rejects(land(project, second), { code: 'session/unresolved' });
      await assert.rejects(resolveConflicts(project, second.id, ['b.txt']), { code: 'session/invalid' });
      await resolveConflicts(project, second.id, ['a.txt']);
      assert.equal((await land(project, second)).outcome, 'landed');
      assert.deepEqual(await headFiles(project), { 'a.txt': 'changed\n', 'b.txt': 'b\n' });
    });
  });

  describe(`on ${kind}, nothing is lost`, () => {
    test('a landing is undone by a landing, and what came later stays', async () => {
      const project = await projectWith({ 'a.txt': 'a\n', 'b.txt': 'b\n' });
      const first = await land(project, await work(project, { 'a.txt': 'A\n', 'c.txt': 'c\n' }));
      await land(project, await work(project, { 'b.txt': 'B\n' }));
      assert.ok(first.outcome === 'landed');
      const undone = await undoLanding(project, project.landings, first.landing.sequence, agent);
      assert.equal(undone.outcome, 'landed');
      assert.deepEqual(await headFiles(project), { 'a.txt': 'a\n', 'b.txt': 'B\n' });
    });

    test('a session goes back to a checkpoint, and forward again', async () => {
      const project = await projectWith({ 'a.txt': 'a\n' });
      const one = await work(project, { 'a.txt': '1\n' });
      const two = await work(project, { 'a.txt': '2\n' }, one);
      const back = await restoreCheckpoint(project, two.id, 1);
      assert.equal(back.tree, one.tree);
      assert.equal((await restoreCheckpoint(project, two.id, 2)).tree, two.tree);
      await assert.rejects(restoreCheckpoint(project, two.id, 99), { code: 'session/checkpoint-unknown' });
    });

    test('what was changed in a session after it landed goes on in a fork', async () => {
      const project = await projectWith({ 'a.txt': '1\n2\n3\n', 'b.txt': 'b\n' });
      const [session, other] = [
        await work(project, { 'a.txt': 'one\n2\n3\n' }),
        await work(project, { 'b.txt': 'B\n' }),
      ];
      await land(project, other);
      await land(project, session);
      const tree = await writeFiles(project, session.tree, { 'a.txt': 'one\n2\nthree\n' });
      const request = { session: session.id, message: 'Again', tree };
      await assert.rejects(landSession(project, project.landings, request), {
        code: 'landing/changed-since',
      });
      const fork = await forkSession(project, session.id, { agent, tree });
      assert.equal((await land(project, fork)).outcome, 'landed');
      assert.deepEqual(await headFiles(project), { 'a.txt': 'one\n2\nthree\n', 'b.txt': 'B\n' });
    });

    test('an abandoned session can be brought back, and a fork goes its own way', async () => {
      const project = await projectWith({ 'a.txt': 'a\n' });
      const session = await work(project, { 'a.txt': 'A\n' });
      const fork = await forkSession(project, session.id, { agent });
      await abandonSession(project, session.id, 'me', 'no need');
      await assert.rejects(land(project, session), { code: 'session/forbidden-move' });
      await work(project, { 'b.txt': 'b\n' }, fork);
      assert.equal((await land(project, fork)).outcome, 'landed');
      await restoreSession(project, session.id, 'me');
      assert.equal((await land(project, session)).outcome, 'landed');
      assert.deepEqual(await headFiles(project), { 'a.txt': 'A\n', 'b.txt': 'b\n' });
    });
  });
}
