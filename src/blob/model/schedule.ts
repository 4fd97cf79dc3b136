import type { Choices } from './choices.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** How long a process may hang between two of its storage calls: from a pause to a laptop that slept for days. */
const pausesMs = [10, 55, 11 * 60, 13 * 60, 23 * 60, 25 * 60, 25 * 60, 49 * 60].map(
  (minutes) => minutes * minuteMs,
);
/** Every step takes this long. */
const stepMs = 1000;

interface Waiting {
  readonly actor: string;
  /** `call`: a storage call that was sent. `answer`: it has happened, and its process has not gone on yet. */
  readonly what: 'call' | 'answer';
  readonly resume: () => void;
}

export interface ScheduleOptions {
  /** On average one step in so many lets time pass. */
  readonly pauseEvery: number;
  /** On average one step in so many is of another process than the one before. */
  readonly switchEvery: number;
  /** On average one step in so many kills a process. */
  readonly crashEvery: number;
}

/**
 * Runs processes against each other: each storage call, and each return from one, waits until it is chosen. Time passes
 * at will while calls have been answered and not while they are under way: a request that takes hours is refused by its
 * signature or broken by its connection. Processes die at any point.
 */
export class Schedule {
  nowMs = Date.UTC(2026, 0, 1);
  steps = 0;
  readonly clock = { now: () => this.nowMs };
  /** What happened, for people: kept short. */
  readonly log: string[] = [];
  readonly #choices: Choices;
  readonly #options: ScheduleOptions;
  #waiting: Waiting[] = [];
  #last = '';
  readonly #dead = new Set<string>();

  constructor(choices: Choices, options: ScheduleOptions) {
    this.#choices = choices;
    this.#options = options;
  }

  /** Makes `actor` wait until it is its turn. */
  point(actor: string, what: Waiting['what'], label: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.#dead.has(actor)) return;
      this.#waiting.push({
        actor,
        what,
        resume: () => {
          if (what === 'call') this.log.push(`${this.#time()} ${actor} ${label}`);
          resolve();
        },
      });
    });
  }

  /** Runs until every process has ended or died. */
  async run(processes: readonly Promise<unknown>[]): Promise<void> {
    let ended = 0;
    for (const process of processes) process.finally(() => ended++).catch(() => {});
    for (;;) {
      await new Promise(setImmediate);
      if (this.#waiting.length === 0) return;
      this.steps++;
      this.nowMs += stepMs;
      if (this.#choices.oneIn(this.#options.pauseEvery)) await this.#pause();
      else if (this.#choices.oneIn(this.#options.crashEvery))
        this.#kill(this.#choices.pick(this.#waiting).actor);
      else this.#takeAny().resume();
    }
  }

  /** Mostly of the process that went on last: the more one does while another hangs, the more that has missed. */
  #takeAny(): Waiting {
    const same = this.#waiting.findIndex(({ actor }) => actor === this.#last);
    const at =
      same >= 0 && !this.#choices.oneIn(this.#options.switchEvery)
        ? same
        : this.#choices.below(this.#waiting.length);
    const [taken] = this.#waiting.splice(at, 1);
    this.#last = taken!.actor;
    return taken!;
  }

  async #pause(): Promise<void> {
    while (this.#waiting.some(({ what }) => what === 'call')) {
      const at = this.#waiting.findIndex(({ what }) => what === 'call');
      this.#waiting.splice(at, 1)[0]!.resume();
      await new Promise(setImmediate);
    }
    const pauseMs = this.#choices.pick(pausesMs);
    this.nowMs += pauseMs;
    this.log.push(`${this.#time()} ${pauseMs / hourMs} hours have passed`);
  }

  #kill(actor: string): void {
    this.#dead.add(actor);
    this.#waiting = this.#waiting.filter((waiting) => waiting.actor !== actor);
    this.log.push(`${this.#time()} ${actor} dies`);
  }

  #time(): string {
    return new Date(this.nowMs).toISOString().slice(8, 19);
  }
}
