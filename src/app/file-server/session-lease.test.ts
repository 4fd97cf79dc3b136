import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { Hash } from '../../base/hash.ts';
import { systemRandom } from '../../base/random.ts';
import { checkpointSession } from '../../session/checkpoint.ts';
import { takeLease } from '../../session/lease.ts';
import { createProject } from '../../session/project-import.ts';
import { parseProjectName } from '../../session/project-name.ts';
import type { Session } from '../../session/session.ts';
import { startSession } from '../../session/start.ts';
import { MeasuredStore } from '../../storage/measured-store.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { NotResident } from '../../vfs/file-system-error.ts';
import { Micelio } from '../micelio.ts';
import type { OpenProject } from '../open-project.ts';
import { SessionLease } from './session-lease.ts';
import { UnrecordedMark } from './unrecorded-mark.ts';

const termMs = 60_000;

/** A store that does not answer while it is out of reach: it fails, or says nothing at all. */
class Reach {
  state: 'in reach' | 'fails' | 'silent' = 'in reach';

  in(store: ObjectStore): ObjectStore {
    return new Proxy(store, {
      get: (target, name) => {
        const value = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        if (this.state === 'fails') return () => Promise.reject(new Error('out of reach'));
        if (this.state === 'silent') return () => new Promise(() => {});
        return value.bind(target);
      },
    });
  }
}

interface SetUp {
  readonly lease: SessionLease;
  readonly reach: Reach;
  readonly clock: { ms: number };
  readonly session: Session;
  /** The project as this machine, and as another one sees it. */
  readonly here: OpenProject;
  readonly there: OpenProject;
  readonly mark: UnrecordedMark;
  readonly lost: Session[];
  readonly failures: unknown[];
  /** Changes a file as a client does, who waits where it must. */
  change(): Promise<void>;
  /** What the files were made from. */
  agree(tree: Hash): void;
  /** Requests since this was last asked, as `reads+writes`. */
  requests(): string;
  record(): void;
}

async function setUp(context: TestContext): Promise<SetUp> {
  const clock = { ms: Date.UTC(2026, 0, 1), now: () => clock.ms };
  const store = new MemoryStore();
  const measured = new MeasuredStore(store);
  const reach = new Reach();
  const open = (of: ObjectStore): Promise<OpenProject> =>
    new Micelio({ store: of, clock, random: systemRandom }).project(parseProjectName('acme/web'));
  const [here, there] = [await open(reach.in(measured)), await open(store)];
  await createProject(here, 'for a test');
  const agent = { name: 'ada', email: 'ada@example.org' };
  const session = await startSession(here, { title: 'Work', goal: 'Work', agent });
  const directory = mkdtempSync(join(tmpdir(), 'micelio-lease-'));
  context.after(() => rmSync(directory, { recursive: true }));
  const mark = new UnrecordedMark(directory);
  const [lost, failures]: [Session[], unknown[]] = [[], []];
  let agreed = session.tree;
  const lease = new SessionLease({
    session: session.id,
    claim: { holder: 'here', machine: 'here', base: session.tree, termMs },
    project: async () => here,
    isOurs: (tree) => tree === agreed,
    clock,
    // Nobody runs out of patience with a store that answers.
    sleep: async (ms) => {
      if (reach.state !== 'silent') await new Promise(() => {});
      clock.ms += ms;
    },
    onLost: (moved) => lost.push(moved),
    onFailure: (error) => failures.push(error),
    mark,
  });
  let [reads, writes] = [0, 0];
  const requests = (): string => {
    const { get, compareAndSwap, list, put, putIfAbsent } = measured.snapshot();
    const before = [reads, writes] as const;
    reads = get.requests + list.requests;
    writes = compareAndSwap.requests + put.requests + putIfAbsent.requests;
    return `${reads - before[0]}+${writes - before[1]}`;
  };
  requests();
  const change = async (): Promise<void> => {
    try {
      lease.beforeChange();
    } catch (error) {
      if (!(error instanceof NotResident)) throw error;
      await error.ready;
      lease.beforeChange();
    }
  };
  const record = (): void => {
    lease.noteCapture();
    lease.noteAgreed();
  };
  const agree = (tree: Hash): void => {
    agreed = tree;
  };
  return { lease, reach, clock, session, here, there, mark, lost, failures, change, agree, requests, record };
}

async function takeThere({ there, session }: SetUp, mode: 'when-possible' | 'take-over'): Promise<void> {
  const claim = { holder: 'there', machine: 'there', base: session.tree, termMs };
  await takeLease(there, session.id, claim, mode, async () => {});
}

/** As mic-fs does, every third of a term. */
async function tendFor({ lease, clock }: SetUp, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += termMs / 3) {
    clock.ms += termMs / 3;
    await lease.tend();
  }
}

describe('the lease of a mounted session', () => {
  test('is taken by the first change, which waits for it, and the others do not', async (context) => {
    const world = await setUp(context);
    assert.throws(() => world.lease.beforeChange(), NotResident);
    await world.change();
    await world.change();
    assert.equal(world.requests(), '0+1');
    const { lease } = (await world.there.ledger.readSession(world.session.id))!;
    assert.deepEqual([lease?.holder, lease?.token], ['here', 1]);
  });

  test('costs a request every third of a term while something is not recorded, one to give it back, and then none', async (context) => {
    const world = await setUp(context);
    await tendFor(world, 10 * termMs);
    assert.equal(world.requests(), '0+0');
    await world.change();
    world.requests();
    await tendFor(world, 10 * termMs);
    assert.equal(world.requests(), '0+30');
    world.record();
    await tendFor(world, 10 * termMs);
    assert.equal(world.requests(), '0+1');
    const { lease } = (await world.there.ledger.readSession(world.session.id))!;
    assert.equal(lease?.untilMs, null);
    await world.change();
    assert.equal(world.requests(), '0+1');
  });

  test('is kept while somebody works, also when all is recorded now and then', async (context) => {
    const world = await setUp(context);
    for (let round = 0; round < 10; round++) {
      await world.change();
      world.record();
      await tendFor(world, termMs / 3);
    }
    const { lease } = (await world.there.ledger.readSession(world.session.id))!;
    assert.equal(lease?.token, 1);
    assert.notEqual(lease?.untilMs, null);
    world.requests();
    await world.change();
    assert.ok(['0+0', '0+1'].includes(world.requests()));
  });

  test('that another takes is noticed at the next renewal: nothing is changed any more', async (context) => {
    const world = await setUp(context);
    await world.change();
    await takeThere(world, 'take-over');
    await world.change();
    await tendFor(world, termMs);
    assert.equal(world.lost[0]?.lease?.machine, 'there');
    assert.ok(world.lease.isLost);
    await assert.rejects(world.change(), { code: 'file-system/read-only' });
    world.requests();
    await tendFor(world, 10 * termMs);
    assert.equal(world.requests(), '0+0');
    assert.ok(!world.lease.isRecordingDue(0));
    await world.lease.take('take-over');
    await world.change();
  });

  test('that another had meanwhile comes back by itself only where the session is as it was', async (context) => {
    const world = await setUp(context);
    await world.change();
    world.record();
    await tendFor(world, 2 * termMs);
    await takeThere(world, 'when-possible');
    await assert.rejects(world.change(), { code: 'file-system/read-only' });
    const { there, session } = world;
    const tree = 'ab'.repeat(32) as Hash;
    const taken = (await there.ledger.readSession(session.id))!;
    await checkpointSession(there, taken, tree, '');
    await there.ledger.updateSession(session.id, (current) => ({
      ...current,
      lease: { ...current.lease!, untilMs: null },
    }));
    // Recorded and merged here by "mic session path".
    world.agree(tree);
    world.lease.noteAgreed();
    await world.change();
    assert.equal((await there.ledger.readSession(session.id))?.lease?.token, 3);
  });

  for (const state of ['fails', 'silent'] as const) {
    test(`keeps nobody from working while the store is out of reach and ${state}`, async (context) => {
      const world = await setUp(context);
      world.reach.state = state;
      await world.change();
      await world.change();
      assert.ok(world.lease.isUnrecorded);
      await tendFor(world, state === 'fails' ? 3 * termMs : 0);
      assert.equal(world.failures.length, state === 'fails' ? 1 : 0);
    });
  }

  test('is not given back while something is not recorded', async (context) => {
    const world = await setUp(context);
    await world.change();
    world.lease.noteCapture();
    await world.change();
    world.lease.noteRecorded();
    assert.ok(world.lease.isUnrecorded && world.mark.isSet);
    await world.lease.giveBack();
    assert.notEqual((await world.there.ledger.readSession(world.session.id))?.lease?.untilMs, null);
    world.record();
    assert.ok(!world.lease.isUnrecorded && !world.mark.isSet);
  });

  test('tells what is due to be recorded: since the first change, and since the last attempt', async (context) => {
    const { lease, clock, change } = await setUp(context);
    await change();
    clock.ms += 1000;
    await change();
    assert.ok(!lease.isRecordingDue(1001) && lease.isRecordingDue(1000));
    lease.noteCapture();
    assert.ok(!lease.isRecordingDue(1000));
    clock.ms += 1000;
    assert.ok(lease.isRecordingDue(1000));
    lease.noteRecorded();
    assert.ok(!lease.isRecordingDue(0));
  });

  test('counts what an earlier process may have left as unrecorded, once', async (context) => {
    const { lease } = await setUp(context);
    lease.noteOpened(false);
    assert.ok(!lease.isUnrecorded);
    const other = (await setUp(context)).lease;
    other.noteOpened(true);
    assert.ok(other.isUnrecorded);
    other.noteCapture();
    other.noteRecorded();
    other.noteOpened(true);
    assert.ok(!other.isUnrecorded);
  });
});
