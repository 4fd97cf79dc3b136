import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../base/random.ts';
import { FileLock } from '../../git/file-lock.ts';
import type { ObjectId } from '../../git/object-id.ts';
import type { PushHooks } from '../../git/remote.ts';
import { StagedObjects } from '../../git/staged-objects.ts';
import type { Slug } from '../../session/plan/slug.ts';
import { SessionError } from '../../session/session-error.ts';
import type { Authority, AuthorityRefs, LedgerNote, MoveResult } from './authority.ts';
import { GitLedgerError } from './git-ledger-error.ts';
import type { HubReader } from './hub-reader.ts';
import type { LedgerContext } from './ledger-context.ts';
import { type KnownClaim, LedgerDraft, readClaims } from './ledger-draft.ts';
import { hasClaimByHand, mend } from './mend.ts';

/** What decides an operation by the ref of a claim alone, and what is left to do then: others may do it on the way. */
export interface EarlyDecision<T> {
  /** Whose claim it is. Of no other claim is anything known to `decide` and `settled`. */
  readonly slug: Slug;
  readonly decide: (draft: LedgerDraft) => Promise<T>;
  /** What main has to say of it; left out where that is nothing. */
  readonly record?: ClaimRecord<T>;
}

/** How main comes to say what the ref of a claim has decided. */
export interface ClaimRecord<T> {
  /** What it comes to where nothing is left to do; undefined where something may be. */
  readonly settled: (draft: LedgerDraft, decided: T) => Promise<T | undefined>;
  readonly confirm: (draft: LedgerDraft, decided: T) => Promise<T>;
}

/** A change of the ledger. It may be asked for again and again, on what the ledger is then, until it has happened. */
export interface Operation<T> {
  /** For the logs of the refs. */
  readonly name: string;
  readonly apply: (draft: LedgerDraft) => Promise<T>;
  /** For when main is busy. */
  readonly early?: EarlyDecision<T>;
  /** Whether the user's hooks run before a push: where files of theirs come to main. */
  readonly hooks: PushHooks;
}

export interface Done<T> {
  readonly value: T;
  readonly notes: readonly LedgerNote[];
}

/** For how long somebody else may be faster, in ms. */
const busyMsMax = 120_000;
/** How often git may refuse a move, although every ref is what was expected: a lock may be held for a moment. */
const refusalsMax = 4;
/** Waits grow up to this, in ms. */
const pauseMsMax = 400;
const pauseMsMin = 10;

/**
 * How long to wait for one's turn at main, in ms: as long as a hundred take who come at once on a busy machine. Those who do
 * not wait slow each other down.
 */
const turnMsMax = 120_000;

/** Whoever waits for a turn looks so often whether something has been asked for that needs none, in ms. */
const joinLookMs = 1000;

/** Whoever has had its turn for so long is not waited for, in ms. */
const turnForgottenMs = 10_000;

/** How often whoever waits for a turn looks whether it is still needed, in ms: at first, and up to which it grows. */
const settledLookMsMin = 10;
const settledLookMsMax = 50;

const moved: MoveResult = { outcome: 'moved', notes: [] };

/** An operation on its way. */
interface Waiting {
  operation: Operation<unknown>;
  readonly resolve: (done: Done<unknown>) => void;
  readonly reject: (error: unknown) => void;
  notes: readonly LedgerNote[];
  /** Until when it waits for its turn at main, and until when others may be faster, in ms of `performance.now`. */
  turnUntilMs?: number | undefined;
  busyUntilMs?: number;
  /** Set where the ref of its claim says so already, and what is left is the record. */
  decided?: { readonly slug: Slug; readonly settled: (draft: LedgerDraft) => Promise<unknown> };
}

/** How an attempt went, and what is still to be done. */
interface Attempt {
  readonly outcome: MoveResult;
  readonly open: readonly Waiting[];
}

/**
 * Makes changes of a ledger: those that wait go together, as several commits and one move of the refs. What others have
 * left half done is finished on the way.
 */
export class LedgerQueue {
  readonly #context: LedgerContext;
  readonly #authority: Authority;
  readonly #reader: HubReader;
  #claims: ReadonlyMap<Slug, KnownClaim> = new Map();
  #waiting: Waiting[] = [];
  /** Who looks at the repository, or changes it, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #isScheduled = false;
  #seen: AuthorityRefs | undefined;
  #mustLook = false;

  /** `seen` are the refs as they are right now, where that is known: who reads at once is told by them. */
  constructor(context: LedgerContext, authority: Authority, reader: HubReader, seen?: AuthorityRefs) {
    this.#context = context;
    this.#authority = authority;
    this.#reader = reader;
    this.#seen = seen;
    // Before this process hears of anything that has happened since.
    setImmediate(() => {
      this.#seen = undefined;
    });
  }

  /** Runs `operation`. Its error is that of the operation, or that the ledger cannot be changed now. */
  run<T>(operation: Operation<T>): Promise<Done<T>> {
    const done = new Promise<Done<unknown>>((resolve, reject) => {
      this.#waiting.push({
        operation: operation as Operation<unknown>,
        resolve,
        reject,
        notes: [],
      });
    });
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      void this.#inTurn(() => this.#drain());
    }
    return done as Promise<Done<T>>;
  }

  /**
   * Reads the ledger as it is, or as a look has found it that is recent enough. `claims` are the sessions whose claims `work`
   * asks for.
   */
  read<T>(claims: 'all' | readonly Slug[], work: (draft: LedgerDraft) => Promise<T>): Promise<T> {
    return this.#inTurn(() =>
      this.#withReader(async () => {
        const glanced = claims === 'all' || this.#seen !== undefined ? undefined : await this.#glance(claims);
        return work(glanced ?? (await this.#recent()) ?? (await this.#look()));
      }),
    );
  }

  /** Whoever reads next is told what is so then, and not what a recent look has found. */
  lookAgain(): void {
    this.#mustLook = true;
  }

  /** Brings along what was left behind. */
  catchUp(): Promise<readonly LedgerNote[]> {
    return this.#inTurn(() => this.#withReader(() => this.#authority.catchUp()));
  }

  async close(): Promise<void> {
    await this.#inTurn(() => this.#reader.close());
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #drain(): Promise<void> {
    this.#isScheduled = false;
    const batch = this.#waiting;
    this.#waiting = [];
    if (batch.length === 0) return;
    try {
      await this.#withReader(() => this.#settle(batch));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  /** A reader that has failed in the middle of an answer is of no use any more. */
  async #withReader<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await this.#reader.reopen();
      throw error;
    }
  }

  /** Sees to all of `batch`, and to what is asked for meanwhile: claims are to be renewed, however long others take. */
  async #settle(batch: readonly Waiting[]): Promise<void> {
    let left = batch;
    try {
      for (let [attempt, refusals] = [1, 0]; left.length > 0; attempt++) {
        const { outcome, open } = await this.#next(left, attempt);
        left = open;
        if (outcome.outcome === 'refused' && (outcome.by === 'hook' || ++refusals >= refusalsMax)) {
          if (left.length === 1) throw this.#refused(outcome.words, left[0]!.decided !== undefined);
          // One of them may be what is refused, and the others should not have to do with it.
          for (const one of left) await this.#settleAlone(one);
          return;
        }
        if (outcome.outcome !== 'moved') {
          left = this.#giveUpBusy(left);
          await this.#pause(attempt);
        }
        if (left.length > 0) left = [...left, ...this.#waiting.splice(0)];
      }
    } catch (error) {
      for (const { reject } of left) reject(error);
      throw error;
    }
  }

  /** Those of `lost` that others have not been faster than for too long. To wait for one's turn is not to have lost. */
  #giveUpBusy(lost: readonly Waiting[]): readonly Waiting[] {
    const nowMs = performance.now();
    return lost.filter((waiting) => {
      waiting.busyUntilMs ??= nowMs + busyMsMax;
      if (nowMs < waiting.busyUntilMs) return true;
      waiting.reject(this.#busy());
      return false;
    });
  }

  /**
   * Makes all changes at once where main is free, and decides what can be without it where it is not: whoever moves main
   * next records that as well. Processes of one machine take turns at main, which saves races and decides nothing.
   */
  async #next(batch: readonly Waiting[], attempt: number): Promise<Attempt> {
    const canBeEarly = batch.some(({ operation }) => operation.early !== undefined);
    if (!canBeEarly) return this.#attemptInTurn(batch);
    const isOfClaimsAlone = batch.every(({ operation: { early } }) => early && early.record === undefined);
    if (isOfClaimsAlone) return this.#decideEarly(batch, attempt);
    const turn = attempt > 1 ? undefined : await this.#takeTurn(0);
    if (turn === undefined) return this.#decideEarly(batch, attempt);
    try {
      return await this.#attempt(batch);
    } finally {
      await turn.release();
    }
  }

  /**
   * Waits for the turn at main. What others have recorded meanwhile is answered, and has no need of it. Ends early where
   * something is asked for that may need none either.
   */
  async #attemptInTurn(batch: readonly Waiting[]): Promise<Attempt> {
    for (const waiting of batch) waiting.turnUntilMs ??= performance.now() + turnMsMax;
    const deadline = Math.min(...batch.map(({ turnUntilMs }) => turnUntilMs!));
    let left = batch;
    let lookedAt: ObjectId | undefined;
    const answerSettled = async () => {
      ({ left, lookedAt } = await this.#answerSettled(left, lookedAt));
      return left.length === 0;
    };
    for (let waitMs = settledLookMsMin; ; waitMs = Math.min(waitMs * 1.5, settledLookMsMax)) {
      if (await answerSettled()) return { outcome: moved, open: [] };
      const restMs = deadline - performance.now();
      const someDecided = left.some(({ decided }) => decided !== undefined);
      const lookMs = someDecided ? waitMs : joinLookMs;
      const turn = await this.#takeTurn(Math.max(0, Math.min(lookMs, restMs)));
      if (turn === undefined && this.#waiting.length > 0) return { outcome: moved, open: left };
      if (turn === undefined && restMs > 0) continue;
      try {
        for (const waiting of left) waiting.turnUntilMs = undefined;
        return (await answerSettled()) ? { outcome: moved, open: [] } : await this.#attempt(left);
      } finally {
        await turn?.release();
      }
    }
  }

  #takeTurn(waitMs: number): Promise<FileLock | undefined> {
    const file = join(this.#context.hub.repository.gitDirectory, 'micelio-turn');
    return FileLock.take(file, waitMs, turnForgottenMs);
  }

  /** Answers what others have recorded, where main has moved on from `lookedAt`. */
  async #answerSettled(
    batch: readonly Waiting[],
    lookedAt: ObjectId | undefined,
  ): Promise<{ readonly left: readonly Waiting[]; readonly lookedAt: ObjectId | undefined }> {
    const slugs = batch.flatMap(({ decided }) => (decided === undefined ? [] : [decided.slug]));
    const draft = slugs.length === 0 ? undefined : await this.#glance(slugs, lookedAt);
    if (draft === undefined) return { left: batch, lookedAt };
    const left: Waiting[] = [];
    for (const waiting of batch) {
      const value = await waiting.decided?.settled(draft);
      if (value === undefined) left.push(waiting);
      else waiting.resolve({ value, notes: waiting.notes });
    }
    return { left, lookedAt: draft.refs.main };
  }

  async #settleAlone(one: Waiting): Promise<void> {
    try {
      await this.#settle([one]);
    } catch (error) {
      one.reject(error);
    }
  }

  /** Applies all that waits, and moves the refs. What has failed or happened is answered; `open` is what has not. */
  async #attempt(batch: readonly Waiting[]): Promise<Attempt> {
    const draft = await this.#look();
    await mend(draft, this.#context);
    const open = new Map(batch.map((waiting) => [waiting, undefined as unknown]));
    for (const waiting of batch) {
      try {
        open.set(waiting, await draft.attempt(() => waiting.operation.apply(draft)));
      } catch (error) {
        waiting.reject(error);
        open.delete(waiting);
        if (isAnswer(error)) continue;
        // Git itself has failed, maybe in the middle of what it was saying. The others begin anew.
        await this.#reader.reopen();
        return { outcome: { outcome: 'lost' }, open: Array.from(open.keys()) };
      }
    }
    const outcome = await this.#move(draft, batch);
    if (outcome.outcome !== 'moved') return { outcome, open: Array.from(open.keys()) };
    for (const [waiting, value] of open)
      waiting.resolve({ value, notes: [...waiting.notes, ...outcome.notes] });
    return { outcome, open: [] };
  }

  /** Decides what the ref of a claim alone can decide. Whoever is decided goes on to have it recorded. */
  async #decideEarly(batch: readonly Waiting[], attempt: number): Promise<Attempt> {
    const slugs = batch.flatMap(({ operation: { early } }) => (early === undefined ? [] : [early.slug]));
    // Where that has lost, all is looked at: a glance may be wrong about a ref that is broken.
    const draft = (attempt === 1 ? await this.#glance(slugs) : undefined) ?? (await this.#look());
    if (await hasClaimByHand(draft, slugs)) return this.#attempt(batch);
    const decided: { readonly waiting: Waiting; readonly value: unknown }[] = [];
    const open: Waiting[] = [];
    for (const waiting of batch) {
      const { early } = waiting.operation;
      open.push(waiting);
      if (early === undefined) continue;
      try {
        decided.push({ waiting, value: await draft.attempt(() => early.decide(draft)) });
      } catch (error) {
        waiting.reject(error);
        open.pop();
      }
    }
    const outcome = await this.#move(draft, batch);
    if (outcome.outcome !== 'moved') return { outcome, open };
    const done = new Set<Waiting>();
    for (const { waiting, value } of decided) {
      const { early, ...operation } = waiting.operation;
      const { slug, record } = early!;
      waiting.notes = [...waiting.notes, ...outcome.notes];
      if (record === undefined) {
        waiting.resolve({ value, notes: waiting.notes });
        done.add(waiting);
        continue;
      }
      waiting.decided = { slug, settled: (later) => record.settled(later, value) };
      waiting.operation = { ...operation, apply: (later) => record.confirm(later, value) };
    }
    return { outcome, open: open.filter((waiting) => !done.has(waiting)) };
  }

  async #move(draft: LedgerDraft, batch: readonly Waiting[]): Promise<MoveResult> {
    const moves = draft.moves();
    if (moves.length === 0) return moved;
    await draft.objects.flush();
    const hooks = batch.some(({ operation }) => operation.hooks === 'run') ? 'run' : 'skip';
    const reason = batch.length === 1 ? batch[0]!.operation.name : `${batch.length} moves of sessions`;
    return this.#authority.move(moves, { reason, hooks });
  }

  async #recent(): Promise<LedgerDraft | undefined> {
    const { looksGoodForMs } = this.#context;
    const refs = this.#mustLook ? undefined : this.#authority.recent?.(looksGoodForMs);
    return refs && this.#adopt(refs);
  }

  async #look(): Promise<LedgerDraft> {
    this.#mustLook = false;
    const seen = this.#seen;
    this.#seen = undefined;
    return this.#adopt(seen ?? (await this.#authority.look()));
  }

  async #adopt(refs: AuthorityRefs): Promise<LedgerDraft> {
    const { draft, claims } = await this.#draftAt(refs);
    this.#claims = claims;
    return draft;
  }

  /** Looks at the claims of `slugs` alone; undefined where that cannot be done, or main is still at `lookedAt`. */
  async #glance(slugs: readonly Slug[], lookedAt?: ObjectId): Promise<LedgerDraft | undefined> {
    const refs = await this.#authority.glance?.(slugs, this.#reader.current);
    if (refs === undefined || refs.main === lookedAt) return undefined;
    return (await this.#draftAt(refs)).draft;
  }

  async #draftAt(
    refs: AuthorityRefs,
  ): Promise<{ readonly draft: LedgerDraft; readonly claims: ReadonlyMap<Slug, KnownClaim> }> {
    const { hub, watch, clock } = this.#context;
    const objects = new StagedObjects(hub.repository, this.#reader.current);
    const now = clock.now();
    const claims = await readClaims(objects, refs.claims, this.#claims);
    for (const [slug, blob] of refs.claims) watch.see(slug, blob, now);
    const draft = new LedgerDraft(hub, objects, refs, claims, now);
    await this.#checkInitialised(draft);
    return { draft, claims };
  }

  async #checkInitialised(draft: LedgerDraft): Promise<void> {
    const { layout, main } = this.#context.hub;
    if ((await draft.entryAt(layout.sessions)) !== undefined) return;
    throw new GitLedgerError(
      'ledger/not-initialised',
      `${main} of ${this.#authority.name} has no ${layout.sessions}/. Lay it out with "mic init".`,
    );
  }

  async #pause(attempt: number): Promise<void> {
    const most = Math.min(pauseMsMax, pauseMsMin * 2 ** attempt);
    await sleep(most * fraction(this.#context.random));
  }

  #refused(words: string, isDecided = false): GitLedgerError {
    const what = isDecided
      ? 'took the claim, but refused its record on main. It holds until its time has run out'
      : 'refused the change, and nothing has changed';
    return new GitLedgerError(
      'ledger/refused',
      `${this.#authority.name} ${what}. Where a hook or a protected branch says no, have it allow pushes to ${this.#context.hub.main} and refs/claims/; where a lock was left behind, remove the file that git names. Git says: ${words}`,
    );
  }

  #busy(): GitLedgerError {
    return new GitLedgerError(
      'ledger/busy',
      `Others have changed ${this.#authority.name} faster for ${busyMsMax / 1000} s. Try again.`,
    );
  }
}

/** Whether an error is what the ledger has to say to what was asked for. */
function isAnswer(error: unknown): boolean {
  return error instanceof GitLedgerError || error instanceof SessionError;
}

/** From 0 to 1. */
function fraction(random: Random): number {
  return random.bytes(1)[0]! / 255;
}
