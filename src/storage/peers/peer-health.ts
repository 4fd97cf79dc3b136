import type { Clock } from '../../base/clock.ts';

/** How long a peer is left out after a failure, in ms; doubled with each that follows, up to the longest. */
const pauseMs = 2_000;
const pauseMsMax = 120_000;
/** How long a peer is left out that sent something else than it was asked for, in ms. */
const lieMs = 10 * 60_000;
/** What peers may cost without giving anything, in ms, before all are left out for a while. */
const lostMsMax = 500;
const groupPauseMs = 10_000;

/** Most peers that something is remembered of: a name in DNS may stand for new ones all the time. */
const recordsMax = 4096;

/** A peer that has failed, and not answered since. */
interface Trouble {
  readonly failures: number;
  /** Not asked before this time, in ms since the epoch. */
  readonly outUntilMs: number;
  /** One request is trying whether it is back. */
  readonly isTried: boolean;
}

/**
 * Which peers are worth asking. One that failed is left out for a while; then a single request tries whether it is back.
 * When peers have cost more time than they are worth, none is asked for a while.
 */
export class PeerHealth {
  readonly #clock: Clock;
  readonly #troubles = new Map<string, Trouble>();
  #lostMs = 0;
  #allOutUntilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** False while no peer at all is to be asked. */
  get anyIsWell(): boolean {
    return this.#clock.now() >= this.#allOutUntilMs;
  }

  isWell(name: string): boolean {
    const trouble = this.#troubles.get(name);
    return trouble === undefined || this.#clock.now() >= trouble.outUntilMs;
  }

  /** To be called before a peer is asked: one that failed before gets no second request until it has answered. */
  asking(name: string): void {
    const trouble = this.#troubles.get(name);
    if (trouble === undefined) return;
    const outUntilMs = this.#clock.now() + pauseAfter(trouble.failures);
    this.#troubles.set(name, { ...trouble, outUntilMs, isTried: true });
  }

  answered(name: string): void {
    this.#troubles.delete(name);
    this.#lostMs = 0;
  }

  /** The peer did not answer; finding that out took `lostMs`. */
  failed(name: string, lostMs: number): void {
    const nowMs = this.#clock.now();
    const { failures = 0, outUntilMs = nowMs, isTried = true } = this.#troubles.get(name) ?? {};
    // Requests that were under way together fail together, which counts once.
    const counted = isTried || nowMs >= outUntilMs ? failures + 1 : failures;
    this.#remember(name, counted, Math.max(outUntilMs, nowMs + pauseAfter(counted)));
    this.#lostMs += lostMs;
    if (this.#lostMs < lostMsMax) return;
    this.#lostMs = 0;
    this.#allOutUntilMs = nowMs + groupPauseMs;
  }

  /** The peer sent something else than it was asked for. */
  lied(name: string): void {
    this.#remember(name, 1, this.#clock.now() + lieMs);
  }

  #remember(name: string, failures: number, outUntilMs: number): void {
    if (this.#troubles.size >= recordsMax) this.#troubles.clear();
    this.#troubles.set(name, { failures, outUntilMs, isTried: false });
  }
}

function pauseAfter(failures: number): number {
  return Math.min(pauseMs * 2 ** (failures - 1), pauseMsMax);
}
