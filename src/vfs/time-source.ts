import type { Clock } from '../base/clock.ts';
import type { Time } from './file-system.ts';

/**
 * Tells times that always differ, later ones always larger, however coarse the clock: a client that compares times of
 * change sees every change.
 */
export class TimeSource {
  readonly #clock: Clock;
  #milliseconds = 0;
  #nanoseconds = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): Time {
    const clock = Math.floor(this.#clock.now());
    if (clock > this.#milliseconds) {
      this.#milliseconds = clock;
      this.#nanoseconds = 0;
    } else if (++this.#nanoseconds === 1e6) {
      this.#milliseconds++;
      this.#nanoseconds = 0;
    }
    const seconds = Math.floor(this.#milliseconds / 1000);
    return { seconds, nanoseconds: (this.#milliseconds - seconds * 1000) * 1e6 + this.#nanoseconds };
  }
}

export function sameTime(a: Time, b: Time): boolean {
  return a.seconds === b.seconds && a.nanoseconds === b.nanoseconds;
}
