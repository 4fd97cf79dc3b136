import type { Clock } from '../base/clock.ts';
import type { Hash } from '../base/hash.ts';
import type { HashSet } from '../base/hash-set.ts';
import { BlobError } from './blob-error.ts';

interface Writing {
  readonly nodes: HashSet;
  readonly openedMs: number;
}

/** Batches that are remembered: what is recorded late was written by one of the last. */
const writingsMax = 64;
const recordedMax = 16 * 1024;

/** A batch must be flushed, and what refers to it recorded, well within the grace period of garbage collection. */
const batchAgeMsMax = 12 * 60 * 60 * 1000;

/** Throws `blob/too-slow` when what a batch that was opened then took for stored is no longer sure to stay. */
export function requireYoung(openedMs: number, clock: Clock): void {
  if (clock.now() - openedMs <= batchAgeMsMax) return;
  throw new BlobError(
    'blob/too-slow',
    'Writing took more than 12 hours, and what it builds upon may have been collected since. What was written is kept for a while: do it again, and it will be quick.',
  );
}

/** Which nodes this process has made durable lately, and when it began to write them. */
export class WrittenNodes {
  readonly #writings: Writing[] = [];
  /** Trees that were recorded, and when; the earliest first. */
  readonly #recorded = new Map<Hash, number>();

  /** Takes in the nodes of a batch that was flushed; `openedMs`: since when it relies on what the store had. */
  note(nodes: HashSet, openedMs: number): void {
    this.#writings.push({ nodes, openedMs });
    if (this.#writings.length > writingsMax) this.#writings.shift();
  }

  /** Takes in that the tree `root` was recorded: it is kept from then on. */
  noteRecorded(root: Hash, nowMs: number): void {
    this.#recorded.delete(root);
    this.#recorded.set(root, nowMs);
    for (const oldest of this.#recorded.keys()) {
      if (this.#recorded.size <= recordedMax) break;
      this.#recorded.delete(oldest);
    }
  }

  /**
   * When the last batch was opened that wrote this node, ms since the epoch; undefined when that was by others or long
   * ago, or it was recorded since.
   */
  openedMs(root: Hash): number | undefined {
    const raw = Buffer.from(root, 'hex');
    const openedMs = this.#writings.findLast(({ nodes }) => nodes.has(raw))?.openedMs;
    const recordedMs = this.#recorded.get(root) ?? Number.NEGATIVE_INFINITY;
    return openedMs === undefined || recordedMs >= openedMs ? undefined : openedMs;
  }
}
