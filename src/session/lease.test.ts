import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '../base/error.ts';
import { type Hash, hashOf } from '../base/hash.ts';
import { checkpointSession } from './checkpoint.ts';
import { memoryProject } from './fixtures.ts';
import {
  type Claim,
  clocksApartMsMax,
  confirmLease,
  giveLeaseBack,
  leaseStanding,
  type TakeMode,
  takeLease,
} from './lease.ts';
import type { ProjectContext } from './project.ts';
import type { Lease, Session } from './session.ts';
import { startSession } from './start.ts';
import { projectForWriter } from './writer.ts';

const termMs = 60_000;
const tree = (text: string): Hash => hashOf(Buffer.from(text));
const agent = { name: 'ada', email: 'ada@example.org' };

/** A machine with a clock of its own, on a project that all of them see. */
interface Machine {
  readonly claim: Claim;
  readonly project: ProjectContext;
  /** The tree that its files were made from. */
  agreed: Hash;
}

class World {
  readonly machines: readonly Machine[];
  readonly session: Session;
  readonly #time: { ms: number };
  /** What happens while somebody looks on. */
  meanwhile: () => Promise<void> = async () => {};

  private constructor(machines: readonly Machine[], session: Session, time: { ms: number }) {
    this.machines = machines;
    this.session = session;
    this.#time = time;
  }

  /** Machines whose clocks are `skewsMs` wrong. */
  static async make(skewsMs: readonly number[]): Promise<World> {
    const shared = await memoryProject();
    const time = { ms: Date.UTC(2026, 5, 1) };
    const session = await startSession(shared, { title: 'Work', goal: 'Work', agent });
    const machines = skewsMs.map((skewMs, number) => ({
      claim: {
        holder: `holder ${number}`,
        machine: `machine ${number}`,
        base: tree(`base ${number}`),
        termMs,
      },
      project: { ...shared, clock: { now: () => time.ms + skewMs } },
      agreed: session.tree,
    }));
    return new World(machines, session, time);
  }

  pass(ms: number): void {
    this.#time.ms += ms;
  }

  async read(): Promise<Session> {
    return (await this.machines[0]!.project.ledger.readSession(this.session.id))!;
  }

  async lease(): Promise<Lease | null> {
    return (await this.read()).lease;
  }

  confirm({ project, claim, agreed }: Machine) {
    return confirmLease(project, this.session.id, claim, (other) => other === agreed);
  }

  take({ project, claim }: Machine, mode: TakeMode): Promise<Lease> {
    return takeLease(project, this.session.id, claim, mode, async (ms) => {
      await this.meanwhile();
      this.pass(ms);
    });
  }

  giveBack({ project, claim }: Machine): Promise<void> {
    return giveLeaseBack(project, this.session.id, claim.holder);
  }

  /** Reads the session and looks at the files; `finish` records them, as long afterwards as one likes. */
  async beginRecording({ project, claim }: Machine) {
    const session = await this.read();
    const writer = projectForWriter(project, session, claim.holder);
    return { session, finish: (files: Hash) => checkpointSession(writer, session, files, '') };
  }
}

const held = { code: 'session/lease-held', message: /machine 0 .*--take-over/ };
const lost = { code: 'session/lease-lost' };

describe('a lease', () => {
  test('is taken by the first who asks, renewed by it, and nobody else gets it', async () => {
    const world = await World.make([0, 0]);
    const [a, b] = world.machines as [Machine, Machine];
    assert.equal((await world.confirm(a)).outcome, 'held');
    const first = (await world.lease())!;
    world.pass(termMs / 2);
    assert.equal((await world.confirm(b)).outcome, 'lost');
    assert.deepEqual(await world.lease(), first);
    await assert.rejects(world.take(b, 'when-possible'), held);
    assert.equal((await world.confirm(a)).outcome, 'held');
    const { token, sinceMs, untilMs } = (await world.lease())!;
    assert.deepEqual([token, sinceMs], [first.token, first.sinceMs]);
    assert.equal(untilMs, first.untilMs! + termMs / 2);
  });

  test('that was given back is free for all, and the next one is told apart', async () => {
    const world = await World.make([0, 0]);
    const [a, b] = world.machines as [Machine, Machine];
    await world.take(a, 'when-possible');
    await world.giveBack(b);
    assert.equal((await world.lease())!.holder, a.claim.holder);
    assert.notEqual((await world.lease())!.untilMs, null);
    await world.giveBack(a);
    assert.equal((await world.lease())!.untilMs, null);
    assert.equal((await world.confirm(a)).outcome, 'held');
    assert.equal((await world.lease())!.token, 1);
    await world.giveBack(a);
    assert.equal((await world.take(b, 'when-possible')).token, 2);
    const { tree: agreed } = world.session;
    assert.deepEqual((await world.lease())!.bases, [a.claim.base, agreed, b.claim.base]);
  });

  test('that is free is not taken by itself where the session was recorded elsewhere', async () => {
    const world = await World.make([0, 0]);
    const [a, b] = world.machines as [Machine, Machine];
    await world.take(a, 'when-possible');
    await (await world.beginRecording(a)).finish(tree('by a'));
    await world.giveBack(a);
    assert.equal((await world.confirm(b)).outcome, 'lost');
    b.agreed = tree('by a');
    assert.equal((await world.confirm(b)).outcome, 'held');
  });

  test('that has lapsed is taken after a term of looking on, but not from a holder that lives', async () => {
    const world = await World.make([0, 5 * 60_000]);
    const [a, b] = world.machines as [Machine, Machine];
    await world.take(a, 'when-possible');
    world.pass(termMs / 3);
    world.meanwhile = async () => void (await world.confirm(a));
    await assert.rejects(world.take(b, 'when-possible'), held);
    world.meanwhile = async () => {};
    assert.equal((await world.take(b, 'when-possible')).token, 2);
  });

  test('is one machine’s when several look at it as it lapses', async () => {
    const world = await World.make([0, 0, 0]);
    const [a, b, c] = world.machines as [Machine, Machine, Machine];
    await world.take(a, 'when-possible');
    world.pass(termMs + 1);
    const taken = await Promise.allSettled([world.take(b, 'when-possible'), world.take(c, 'when-possible')]);
    assert.deepEqual(taken.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  });

  test('stands as it says, by a clock that may be wrong', () => {
    const lease = { token: 1, holder: 'a', machine: 'a', sinceMs: 0, untilMs: 1e9, termMs, bases: [] };
    const at = (nowMs: number): string => leaseStanding(lease, 'b', nowMs);
    assert.equal(at(1e9 - termMs - clocksApartMsMax - 1), 'lapsed');
    assert.equal(at(1e9 - termMs - clocksApartMsMax), 'held');
    assert.equal(at(1e9), 'held');
    assert.equal(at(1e9 + 1), 'lapsed');
    assert.equal(at(1e9 + clocksApartMsMax), 'lapsed');
    assert.equal(at(1e9 + clocksApartMsMax + 1), 'abandoned');
    assert.equal(leaseStanding(lease, 'a', 2e9), 'mine');
    assert.equal(leaseStanding({ ...lease, untilMs: null }, 'b', 0), 'free');
    assert.equal(leaseStanding(null, 'b', 0), 'free');
  });
});

describe('a holder that comes back', () => {
  test('cannot record what it began before, even where nobody holds the lease any more', async () => {
    const world = await World.make([0, 0]);
    const [a, b] = world.machines as [Machine, Machine];
    await world.take(a, 'when-possible');
    const late = await world.beginRecording(a);
    await world.take(b, 'take-over');
    await assert.rejects(late.finish(tree('late')), {
      ...lost,
      message: /machine 1 .*mic session fork .*--take-over/,
    });
    await assert.rejects(world.beginRecording(a), lost);
    await world.giveBack(b);
    await assert.rejects(late.finish(tree('late')), { ...lost, message: /Do it again/ });
    assert.equal((await world.read()).tree, world.session.tree);
    assert.equal((await (await world.beginRecording(a)).finish(tree('again'))).outcome, 'recorded');
  });

  test('goes on where it was only itself that gave the lease back and took it again', async () => {
    const world = await World.make([0, 0]);
    const [a] = world.machines as [Machine, Machine];
    const first = await world.beginRecording(a);
    await world.confirm(a);
    assert.equal((await first.finish(tree('first'))).outcome, 'recorded');
    const second = await world.beginRecording(a);
    await world.giveBack(a);
    a.agreed = tree('first');
    await world.confirm(a);
    assert.equal((await second.finish(tree('second'))).outcome, 'recorded');
  });
});

type Step =
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'confirm' | 'give back' | 'begin' | 'finish' | 'agree'; readonly machine: number }
  | { readonly kind: TakeMode; readonly machine: number };

const machineCount = 3;
const machine = fc.nat(machineCount - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(2 * termMs) }),
  fc.record({
    kind: fc.constantFrom('confirm', 'give back', 'begin', 'finish', 'agree', 'when-possible', 'take-over'),
    machine,
  }),
);

test('whatever several machines do in whatever order, by whatever clocks, one writes under each token', async () => {
  const skew = fc.integer({ min: -20 * 60_000, max: 20 * 60_000 });
  const skews = fc.array(skew, { minLength: machineCount, maxLength: machineCount });
  await fc.assert(
    fc.asyncProperty(skews, fc.array(step, { maxLength: 40 }), async (skewsMs, steps) => {
      const world = await World.make(skewsMs);
      const model = new LeaseModel(world);
      for (const next of steps) await model.run(next);
    }),
    { numRuns: 120 },
  );
});

/** Runs steps on a world, and holds what becomes of it against what may. */
class LeaseModel {
  readonly #world: World;
  readonly #holders = new Map<number, string>();
  readonly #begun = new Map<
    number,
    { finish: (files: Hash) => Promise<unknown>; changesOfHolder: number; from: Hash }
  >();
  #changesOfHolder = 0;
  #lastHolder: string | undefined;
  #recordings = 0;

  constructor(world: World) {
    this.#world = world;
  }

  async run(next: Step): Promise<void> {
    const before = await this.#world.read();
    if (next.kind === 'pass') this.#world.pass(next.ms);
    else await this.#act(next.kind, next.machine, before);
    this.#look(before.lease, await this.#world.lease());
  }

  async #act(kind: Exclude<Step['kind'], 'pass'>, number: number, before: Session): Promise<void> {
    const world = this.#world;
    const actor = world.machines[number]!;
    const isAnothers =
      before.lease !== null && before.lease.holder !== actor.claim.holder && before.lease.untilMs !== null;
    switch (kind) {
      case 'confirm': {
        const { outcome } = await world.confirm(actor);
        const mine = before.lease?.holder === actor.claim.holder;
        assert.equal(outcome, mine || (!isAnothers && before.tree === actor.agreed) ? 'held' : 'lost');
        return;
      }
      case 'give back':
        return world.giveBack(actor);
      case 'agree':
        actor.agreed = before.tree;
        return;
      case 'take-over':
        await world.take(actor, 'take-over');
        return;
      case 'when-possible':
        if (!isAnothers) await world.take(actor, kind);
        else await refusable(world.take(actor, kind), 'session/lease-held');
        return;
      case 'begin': {
        const begun = await refusable(world.beginRecording(actor), 'session/lease-lost');
        assert.equal(begun === undefined, isAnothers);
        const changesOfHolder = this.#changesOfHolder;
        if (begun)
          this.#begun.set(number, { finish: begun.finish, changesOfHolder, from: begun.session.tree });
        return;
      }
      case 'finish':
        return this.#finish(number, before, isAnothers);
    }
  }

  async #finish(number: number, before: Session, isAnothers: boolean): Promise<void> {
    const begun = this.#begun.get(number);
    if (begun === undefined) return;
    this.#begun.delete(number);
    const files = tree(`files ${this.#recordings++}`);
    await refusable(begun.finish(files), 'session/lease-lost');
    const { tree: after } = await this.#world.read();
    if (after === before.tree) return;
    // It was recorded: so nobody else has had the lease since, nor recorded anything that this does not come from.
    assert.equal(after, files);
    assert.ok(!isAnothers);
    assert.equal(begun.from, before.tree);
    const isOwn = this.#lastHolder === this.#world.machines[number]!.claim.holder;
    assert.ok(this.#changesOfHolder - begun.changesOfHolder <= (isOwn ? 1 : 0));
  }

  /** Tokens grow by one with each holder that is another than the last. */
  #look(before: Lease | null, after: Lease | null): void {
    if (after === null) {
      assert.equal(before, null);
      return;
    }
    const changed = before?.holder !== after.holder;
    assert.equal(after.token, (before?.token ?? 0) + (changed ? 1 : 0));
    assert.equal(this.#holders.get(after.token) ?? after.holder, after.holder);
    this.#holders.set(after.token, after.holder);
    if (changed) this.#changesOfHolder++;
    this.#lastHolder = after.holder;
  }
}

async function refusable<T>(work: Promise<T>, code: string): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    assert.ok(hasCode(error, code), String(error));
    return undefined;
  }
}
