import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../base/clock.ts';
import { MicelioError } from '../base/error.ts';
import type { Random } from '../base/random.ts';
import { capabilitiesNeeded, hasCapabilities } from '../session/plan/capabilities.ts';
import { ClaimOrder } from '../session/plan/claim-order.ts';
import type { Slug } from '../session/plan/slug.ts';
import type { AgentEvent } from './agent-event.ts';
import type { AgentWork, WaitingSession } from './agent-work.ts';
import { attemptStanding, retryAtMs } from './attempts.ts';
import type { RunRecord, RunRecords } from './run-records.ts';
import { type RunContext, type RunEnd, type RunSettings, SessionRun } from './session-run.ts';

export interface RunnerSettings extends RunSettings {
  /** How many sessions are run at once at most. */
  readonly parallel: number;
  /** What the program is able to do, in lower case. */
  readonly capabilities: readonly string[];
  /** `once`: as many sessions as fit at once, and no more. `until-empty`: until nothing is left to take. */
  readonly until: 'stopped' | 'once' | 'until-empty';
  /** Between two looks, in ms. */
  readonly intervalMs: number;
  /** Before a session that failed once is tried again, in ms; doubled each time. */
  readonly retryAfterMs: number;
  /** How long programs may go on after the runner was told to stop, in ms. */
  readonly graceMs: number;
}

export interface RunnerSurroundings {
  readonly work: AgentWork;
  readonly records: RunRecords;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborted: takes no more, and ends once what runs has ended. */
  readonly stop: AbortSignal;
  /** Aborted: what runs is ended now. */
  readonly terminate: AbortSignal;
  readonly tell: (event: AgentEvent) => void;
}

/** How a session stands that a runner has run. `unsettled`: something went wrong that was not its fault. */
type SessionEnd = Exclude<RunEnd, 'gone'> | 'unsettled';

/** How many sessions ended how: each counts once, as its last run ended. */
export type RunnerSummary = Readonly<Record<SessionEnd, number>>;

/** Something to do: a session to take, or one that was left behind on this machine. */
type Candidate = { readonly slug: Slug; readonly session: WaitingSession | undefined };

/** What there is to do. */
interface Found {
  readonly now: readonly Candidate[];
  /** Whether anything is left to be taken, now or later. */
  readonly isLeft: boolean;
  /** In how long the next one may be taken again, in ms. */
  readonly nextMs: number;
}

/** A session that could not be gone on with is left alone for so long, in ms; doubled each time up to the second. */
const problemPauseMsMin = 5000;
const problemPauseMsMax = 10 * 60 * 1000;
/** A claim that was lost to its runner is looked for so often in the time of a lease. */
const looksPerLease = 3;
/** What a runner of this machine leaves behind is looked for at least so often, in ms: nothing tells of its end. */
const leftBehindMs = 3000;

/**
 * Runs a program on planned sessions, several at once: what this machine has left behind first, then what dead machines
 * have, then what is planned, the oldest day first; one that others are taking is left for one of the next. Whatever becomes of one session, the others go on.
 */
export class AgentRunner {
  readonly #settings: RunnerSettings;
  readonly #surroundings: RunnerSurroundings;
  readonly #terminate = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #busy = new Set<Slug>();
  /** Sessions that are left alone for a while, because something went wrong that was not theirs. */
  readonly #paused = new Map<Slug, { readonly untilMs: number; readonly pauseMs: number }>();
  /** How the last run of each session ended. */
  readonly #ends = new Map<Slug, SessionEnd>();
  #begun = 0;
  /** The mark of the ledger at the last look, and when to look again although it is the same, in ms since the epoch. */
  #mark: string | undefined;
  #lookMs = 0;
  /** Whether anything was left at the last look. */
  #isLeft = true;
  /** Why nothing could be looked for the last time, in words. */
  #trouble: string | undefined;
  #wake = () => {};

  constructor(settings: RunnerSettings, surroundings: RunnerSurroundings) {
    this.#settings = settings;
    this.#surroundings = surroundings;
  }

  /** Runs until it is stopped, or `until` is reached. Throws where the ledger cannot be used when it begins. */
  async run(): Promise<RunnerSummary> {
    const { terminate } = this.#surroundings;
    const now = () => this.#terminate.abort();
    terminate.addEventListener('abort', now, { once: true });
    if (terminate.aborted) now();
    try {
      await this.#rounds();
      await this.#windDown();
    } finally {
      terminate.removeEventListener('abort', now);
    }
    return this.#summary();
  }

  #summary(): RunnerSummary {
    const summary: Record<SessionEnd, number> = {
      ...{ completed: 0, conflicted: 0, failed: 0, 'given-up': 0, 'given-back': 0 },
      ...{ abandoned: 0, 'put-back': 0, lost: 0, unsettled: 0 },
    };
    for (const end of this.#ends.values()) summary[end]++;
    return summary;
  }

  async #rounds(): Promise<void> {
    const { stop } = this.#surroundings;
    for (let round = 0; !stop.aborted && !this.#isEnough(); round++) {
      let waitMs = this.#settings.intervalMs;
      if (this.#running.size < this.#settings.parallel) {
        try {
          const found = await this.#look();
          this.#trouble = undefined;
          if (found !== undefined) {
            this.#startOn(found.now);
            this.#isLeft = found.isLeft;
            waitMs = Math.min(waitMs, found.nextMs);
          }
          // Asked also where nothing has changed: what ran may have ended since, having found nothing to do.
          const isOver = !this.#isLeft && this.#running.size === 0;
          if (isOver && this.#settings.until !== 'stopped') return;
        } catch (error) {
          if (round === 0) throw error;
          this.#tellOnce(error);
        }
      }
      await this.#pause(waitMs);
    }
  }

  /** What there is to do; undefined where nothing has changed since the last look. */
  async #look(): Promise<Found | undefined> {
    const { work, clock } = this.#surroundings;
    const mark = await work.mark();
    // Claims lapse, and pauses end, without anything changing.
    if (mark !== undefined && mark === this.#mark && clock.now() < this.#lookMs) return undefined;
    const found = await this.#candidates();
    this.#mark = mark;
    this.#lookMs = clock.now() + Math.min(found.nextMs, work.leaseMs / looksPerLease);
    return found;
  }

  #isEnough(): boolean {
    return this.#settings.until === 'once' && this.#begun >= this.#settings.parallel;
  }

  /**
   * Waits for `ms`, or until a run has ended or the runner is stopped. Takes up meanwhile what other runners of this machine
   * leave behind.
   */
  async #pause(ms: number): Promise<void> {
    const wake = new AbortController();
    this.#wake = () => {
      this.#mark = undefined;
      wake.abort();
    };
    const either = AbortSignal.any([this.#surroundings.stop, wake.signal]);
    for (let leftMs = ms; leftMs > 0 && !either.aborted; leftMs -= leftBehindMs) {
      // It rejects when it is cut short, which is no failure.
      await sleep(Math.min(leftMs, leftBehindMs), undefined, { signal: either }).catch(() => {});
      if (!either.aborted) this.#takeUpLeftBehind();
    }
  }

  /** Tries the sessions of which this machine has a record: whether anybody is at them, their locks tell. */
  #takeUpLeftBehind(): void {
    try {
      const nowMs = this.#surroundings.clock.now();
      const left = this.#recorded().filter(({ slug }) => !this.#busy.has(slug));
      this.#startOn(left.filter((candidate) => this.#dueMs(candidate) <= nowMs));
    } catch (error) {
      this.#tell(error);
    }
  }

  #recorded(): Candidate[] {
    return this.#surroundings.records.slugs().map((slug) => ({ slug, session: undefined }));
  }

  async #candidates(): Promise<Found> {
    const { work, clock } = this.#surroundings;
    const nowMs = clock.now();
    const waiting = (await work.waiting()).filter(({ plan }) =>
      hasCapabilities(this.#settings.capabilities, capabilitiesNeeded(plan)),
    );
    const left = this.#recorded();
    const taken = [...waiting].sort(inOrder).map((session) => ({ slug: session.slug, session }));
    const here = new Set(left.map(({ slug }) => slug));
    const all = [...left, ...taken.filter(({ slug }) => !here.has(slug))];
    const dueMs = (candidate: Candidate) => this.#dueMs(candidate);
    const free = all.filter(({ slug }) => !this.#busy.has(slug));
    const later = free.map(dueMs).filter((ms) => ms > nowMs);
    return {
      now: free.filter((candidate) => dueMs(candidate) <= nowMs),
      // What other runners of this machine are at is theirs; what is to be taken or tried later is not done.
      isLeft: taken.some(({ slug }) => !this.#busy.has(slug)) || this.#paused.size > 0,
      nextMs: Math.min(Infinity, ...later) - nowMs,
    };
  }

  #dueMs({ slug, session }: Candidate): number {
    const retryMs =
      session?.found === 'planned'
        ? retryAtMs(attemptStanding(session.attempts), this.#settings.retryAfterMs)
        : 0;
    return Math.max(retryMs, this.#paused.get(slug)?.untilMs ?? 0);
  }

  /** Has free hands go through the candidates. */
  #startOn(candidates: readonly Candidate[]): void {
    const queue = new ClaimOrder(candidates, this.#surroundings.random);
    for (let hands = 0; hands < candidates.length; hands++) {
      if (this.#running.size >= this.#settings.parallel || this.#isEnough()) return;
      // Counted at once, and taken back where nothing was found: "once" must not begin too many.
      this.#begun++;
      const run = this.#workOn(queue).then((isDone) => {
        this.#running.delete(run);
        if (isDone) this.#wake();
        else this.#begun--;
      });
      this.#running.add(run);
    }
  }

  /** Takes the first candidate that can be had, and runs it to its end; says whether there was one. */
  async #workOn(queue: ClaimOrder<Candidate>): Promise<boolean> {
    const { records, stop } = this.#surroundings;
    for (let next = queue.next(); next !== undefined && !stop.aborted; next = queue.next()) {
      const { slug, session } = next;
      const hold = this.#busy.has(slug) ? undefined : records.take(slug);
      if (hold === undefined) continue;
      this.#busy.add(slug);
      try {
        const run = new SessionRun(this.#context(), hold);
        const end = await runOrResume(run, hold.read(), session);
        this.#paused.delete(slug);
        if (end === 'gone') {
          // Whatever was wrong with it is somebody else's now.
          if (this.#ends.get(slug) === 'unsettled') this.#ends.delete(slug);
          // One of which there was only a record may be there to be taken, without anything having changed.
          this.#mark = undefined;
          if (session !== undefined) queue.stepAside();
          continue;
        }
        this.#ends.set(slug, end);
      } catch (error) {
        this.#ends.set(slug, 'unsettled');
        this.#tell(error, slug);
        this.#pauseAfterProblem(slug);
      } finally {
        this.#busy.delete(slug);
        hold.release();
      }
      return true;
    }
    return false;
  }

  #context(): RunContext {
    const { work, clock, random, tell } = this.#surroundings;
    return { work, clock, random, tell, settings: this.#settings, terminate: this.#terminate.signal };
  }

  #pauseAfterProblem(slug: Slug): void {
    const before = this.#paused.get(slug)?.pauseMs ?? problemPauseMsMin / 2;
    const pauseMs = Math.min(problemPauseMsMax, before * 2);
    this.#paused.set(slug, { untilMs: this.#surroundings.clock.now() + pauseMs, pauseMs });
  }

  /** Lets what runs end by itself, for a while. */
  async #windDown(): Promise<void> {
    const { stop } = this.#surroundings;
    const all = Promise.all(this.#running);
    const terminate = () => this.#terminate.abort();
    let timer: NodeJS.Timeout | undefined;
    const begin = () => {
      timer = setTimeout(terminate, this.#settings.graceMs);
    };
    stop.addEventListener('abort', begin, { once: true });
    if (stop.aborted) begin();
    try {
      await all;
    } finally {
      clearTimeout(timer);
      stop.removeEventListener('abort', begin);
    }
  }

  /** For what is tried again all the time. */
  #tellOnce(error: unknown): void {
    const words = wordsOf(error);
    if (words !== this.#trouble) this.#tell(error);
    this.#trouble = words;
  }

  #tell(error: unknown, slug?: Slug): void {
    this.#surroundings.tell({ kind: 'problem', slug, words: wordsOf(error) });
  }
}

function runOrResume(
  run: SessionRun,
  record: RunRecord | undefined,
  session: WaitingSession | undefined,
): Promise<RunEnd> {
  if (record !== undefined) return run.resume(record);
  return session === undefined ? Promise.resolve('gone') : run.begin(session);
}

function wordsOf(error: unknown): string {
  if (error instanceof MicelioError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** What a dead machine had comes first, then the oldest day, within a day by name: no cheap question tells more of their age. */
function inOrder(a: WaitingSession, b: WaitingSession): number {
  if (a.found !== b.found) return a.found === 'lapsed' ? -1 : 1;
  return dated(a.slug) < dated(b.slug) ? -1 : 1;
}

function dated(slug: Slug): string {
  return slug.replace(/^kb-/, '');
}
