import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../base/random.ts';

/** Ends after about `ms` milliseconds. Handed to whoever waits, so that tests need not. */
export type Sleep = (ms: number) => Promise<void>;

export const systemSleep: Sleep = async (ms) => {
  await delay(ms);
};

/** How long to wait before trying again, in ms. */
export interface Backoff {
  /** The longest wait before the first repetition; it doubles with each one. */
  readonly firstMs: number;
  /** No wait is longer than this. */
  readonly maxMs: number;
}

/**
 * The wait before repetition `attempt` (0 is the first): evenly spread between nothing and the doubled limit, so that
 * those who met once do not meet again.
 */
export function backoffMs(random: Random, backoff: Backoff, attempt: number): number {
  const limit = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(attempt, 30));
  const [high = 0, low = 0] = random.bytes(2);
  return (limit * (high * 256 + low)) / 65536;
}
