import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Micelio } from '../../src/app/micelio.ts';
import type { OpenProject } from '../../src/app/open-project.ts';
import { createToFill, importSource } from '../../src/app/projects.ts';
import { Sessions } from '../../src/app/sessions.ts';
import { Workspaces } from '../../src/app/workspaces.ts';
import { systemClock } from '../../src/base/clock.ts';
import { hasCode } from '../../src/base/error.ts';
import { systemRandom } from '../../src/base/random.ts';
import { checkProject } from '../../src/session/check-project.ts';
import { parseProjectName } from '../../src/session/project-name.ts';
import type { Session } from '../../src/session/session.ts';
import { startSession } from '../../src/session/start.ts';
import { FaultyStore } from '../../src/storage/faulty-store.ts';
import { MemoryStore } from '../../src/storage/memory-store.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';
import { Scratch, write } from '../mic.ts';
import { agent } from '../test-project.ts';

const scratch = new Scratch('killed at');
const operationsMax = 300;

/** The project as a process of its own sees it. */
function open(store: ObjectStore): Promise<OpenProject> {
  return new Micelio({ store, clock: systemClock, random: systemRandom }).project(
    parseProjectName('acme/web'),
  );
}

function sessionsOf(project: OpenProject): Sessions {
  return new Sessions(
    project,
    new Workspaces({
      root: scratch.workspaces,
      store: scratch.store,
      here: undefined,
      owner: { uid: 0, gid: 0 },
      mounts: () => assert.fail('nothing is mounted here'),
    }),
  );
}

async function requireWhole(store: ObjectStore): Promise<void> {
  const project = await open(store);
  if (!(await project.ledger.exists())) return;
  const { damagedPacks, lostDocuments, missing } = await checkProject(project);
  assert.deepEqual([damagedPacks, lostDocuments, missing], [[], [], []]);
}

/**
 * Kills `work` before or after each of its operations on the store, and looks what is left: the store must be whole,
 * and `work`, done again, must end as if nothing had been. Returns how many operations there are.
 */
async function killAtEveryOperation<T>({
  prepare,
  work,
  check,
}: {
  readonly prepare: (store: MemoryStore) => Promise<T>;
  readonly work: (store: ObjectStore, prepared: T) => Promise<unknown>;
  readonly check: (store: ObjectStore, prepared: T) => Promise<void>;
}): Promise<number> {
  for (let crashAt = 1; crashAt < operationsMax; crashAt++) {
    const store = new MemoryStore();
    const prepared = await prepare(store);
    const faulty = new FaultyStore(store, { crashAt, when: crashAt % 2 === 0 ? 'before' : 'after' });
    await work(faulty, prepared).catch(() => {});
    await requireWhole(store);
    await work(store, prepared);
    await check(store, prepared);
    await requireWhole(store);
    if (faulty.operations < crashAt) return crashAt - 1;
  }
  assert.fail(`more than ${operationsMax} operations`);
}

/** Imports `directory` as `mic project create` does. */
async function createFrom(store: ObjectStore, directory: string, revision?: string): Promise<string> {
  const project = await open(store);
  await createToFill(project, '');
  return importInto(project, directory, revision);
}

async function importInto(project: OpenProject, directory: string, revision?: string): Promise<string> {
  const source = { directory, revision, as: 'detect', ignored: 'leave' } as const;
  const { landing } = await importSource(project, scratch.environment, source, agent, undefined, () => {});
  return landing.tree;
}

/** A session with its workspace, in which something was changed that nobody has recorded yet. */
interface Work {
  readonly session: Session;
  readonly workspace: string;
}

async function startWork(store: ObjectStore, files: Readonly<Record<string, string>>): Promise<Work> {
  const project = await open(store);
  const session = await startSession(project, { title: 'work', goal: 'work', agent });
  const { workspace } = await sessionsOf(project).place(session.id, {}, () => {});
  for (const [path, text] of Object.entries(files)) write(join(workspace!.directory, path), text);
  return { session, workspace: workspace!.directory };
}

async function sessionsIn(store: ObjectStore): Promise<Sessions> {
  return sessionsOf(await open(store));
}

/** The tree of a directory, imported into a store of its own. */
async function treeOf(directory: string): Promise<string> {
  return createFrom(new MemoryStore(), directory);
}

const lines = '1\n2\n3\n4\n5\n';
const from = scratch.files('from', { 'a.txt': lines, 'b.txt': 'b\n', 'dir/c.txt': 'c\n' });
const read = (work: Work, name: string): string => readFileSync(join(work.workspace, name), 'utf8');

describe('killed at every operation on the store, and done again', () => {
  test('an import', async () => {
    const expected = await treeOf(from);
    const operations = await killAtEveryOperation({
      prepare: async () => {},
      // Killed after the head has moved, it is done, and says so.
      work: (store) =>
        createFrom(store, from).catch((error) => assert.ok(hasCode(error, 'project/exists'), error)),
      async check(store) {
        const { head } = await (await open(store)).ledger.readHead();
        assert.deepEqual([head.sequence, head.tree], [1, expected]);
      },
    });
    assert.ok(operations > 6, `${operations} operations`);
  });

  test('an import of what is new in a repository', async () => {
    const repository = await scratch.repository('repository', { 'a.txt': lines, 'b.txt': 'b\n' });
    const first = (await scratch.git(['rev-parse', 'HEAD'], repository)).stdout.trim();
    appendFileSync(join(repository, 'a.txt'), 'more\n');
    await scratch.commit(repository, 'More');
    const expected = await treeOf(repository);
    const operations = await killAtEveryOperation({
      prepare: async (store) => void (await createFrom(store, repository, first)),
      work: async (store) => importInto(await open(store), repository),
      async check(store) {
        const { head } = await (await open(store)).ledger.readHead();
        assert.deepEqual([head.sequence, head.tree], [2, expected]);
      },
    });
    assert.ok(operations > 6, `${operations} operations`);
  });

  test('a checkpoint', async () => {
    const operations = await killAtEveryOperation({
      async prepare(store) {
        await createFrom(store, from);
        return startWork(store, { 'a.txt': 'edited\n', 'new/d.txt': 'd\n' });
      },
      work: async (store, { session }) => (await sessionsIn(store)).checkpoint(session.id, ''),
      async check(store, { session, workspace }) {
        const recorded = await (await open(store)).ledger.readSession(session.id);
        assert.equal(recorded?.tree, await treeOf(workspace));
        assert.equal(recorded.checkpoints.length, 1);
      },
    });
    assert.ok(operations > 4, `${operations} operations`);
  });

  /** Somebody else has landed `theirs` since `ours` was begun. */
  const behind = (ours: string, theirs: string) => async (store: ObjectStore) => {
    await createFrom(store, from);
    const work = await startWork(store, { 'a.txt': ours });
    const other = await startWork(store, { 'a.txt': theirs });
    await (await sessionsIn(store)).land(other.session.id, 'theirs');
    return work;
  };

  test('a sync', async () => {
    const operations = await killAtEveryOperation({
      prepare: behind(`ours\n${lines}`, `${lines}theirs\n`),
      work: async (store, { session }) => (await sessionsIn(store)).sync(session.id),
      async check(store, work) {
        assert.equal(read(work, 'a.txt'), `ours\n${lines}theirs\n`);
        const session = await (await open(store)).ledger.readSession(work.session.id);
        assert.equal(session?.base.sequence, 2);
        assert.equal(session.tree, await treeOf(work.workspace));
      },
    });
    assert.ok(operations > 6, `${operations} operations`);
  });

  test('a sync with a conflict, which nobody lands by mistake', async () => {
    await killAtEveryOperation({
      prepare: behind(lines.replace('3', 'ours'), lines.replace('3', 'theirs')),
      work: async (store, { session }) => (await sessionsIn(store)).sync(session.id),
      async check(store, work) {
        assert.match(read(work, 'a.txt'), /^1\n2\n<<<<<<< .*ours.*theirs.*>>>>>>> head\n4\n5\n$/s);
        const sessions = await sessionsIn(store);
        await assert.rejects(sessions.land(work.session.id, 'by mistake'), { code: 'session/unresolved' });
        assert.equal((await sessions.status(work.session.id)).session.state, 'conflicted');
      },
    });
  });

  test('going back to a checkpoint', async () => {
    const operations = await killAtEveryOperation({
      async prepare(store) {
        await createFrom(store, from);
        const work = await startWork(store, { 'a.txt': 'first\n' });
        await (await sessionsIn(store)).checkpoint(work.session.id, '');
        write(join(work.workspace, 'a.txt'), 'second\n');
        return work;
      },
      work: async (store, { session }) => (await sessionsIn(store)).restore(session.id, 'ada', 1, () => {}),
      async check(store, work) {
        assert.equal(read(work, 'a.txt'), 'first\n');
        const session = await (await open(store)).ledger.readSession(work.session.id);
        assert.equal(session?.tree, await treeOf(work.workspace));
        await (await sessionsIn(store)).restore(work.session.id, 'ada', 2, () => {});
        assert.equal(read(work, 'a.txt'), 'second\n');
      },
    });
    assert.ok(operations > 4, `${operations} operations`);
  });

  test('a removal and what brings it back', async () => {
    await killAtEveryOperation({
      async prepare(store) {
        await createFrom(store, from);
        return startWork(store, { 'a.txt': 'work\n', 'x.log': 'log\n' });
      },
      async work(store, { session, workspace }) {
        const sessions = await sessionsIn(store);
        await sessions.remove(session.id, 'ada', 30);
        // Done already, or left undone by a process that was killed: either way it is done now.
        await sessions.remove(session.id, 'ada', 30);
        assert.ok(!existsSync(workspace));
        await sessions.restore(session.id, 'ada', undefined, () => {});
      },
      async check(store, work) {
        assert.equal(read(work, 'a.txt'), 'work\n');
        assert.equal(read(work, 'x.log'), 'log\n');
        const { session } = await (await sessionsIn(store)).record(work.session.id);
        assert.deepEqual([session.state, session.removed], ['active', null]);
      },
    });
  });

  test('a landing from a workspace', async () => {
    const operations = await killAtEveryOperation({
      prepare: behind(`ours\n${lines}`, `${lines}theirs\n`),
      work: async (store, { session }) => (await sessionsIn(store)).land(session.id, 'Land'),
      async check(store) {
        const { head } = await (await open(store)).ledger.readHead();
        assert.equal(head.sequence, 3);
      },
    });
    assert.ok(operations > 8, `${operations} operations`);
  });
});
