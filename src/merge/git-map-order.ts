import type { TreePath } from '../tree/path.ts';

const initialBuckets = 64;
const growthFactor = 4;
/** The table grows when it holds more than this share of its buckets. */
const fullPercent = 80;

/**
 * The order in which git walks a map of strings that were put into it in the order of `keys`. Where several renames
 * are equally good, git's choice follows from that order; following it too is what makes ours the same.
 */
export function inGitMapOrder(keys: readonly TreePath[]): TreePath[] {
  let buckets = emptyBuckets(initialBuckets);
  let count = 0;
  for (const key of keys) {
    buckets[hashOf(key) & (buckets.length - 1)]!.unshift(key);
    count++;
    if (count > Math.floor((buckets.length * fullPercent) / 100)) {
      const grown = emptyBuckets(buckets.length * growthFactor);
      for (const moved of buckets.flat()) grown[hashOf(moved) & (grown.length - 1)]!.unshift(moved);
      buckets = grown;
    }
  }
  return buckets.flat();
}

function emptyBuckets(count: number): TreePath[][] {
  return Array.from({ length: count }, () => []);
}

/** FNV-1 with 32 bits. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash, 0x01000193) ^ key.charCodeAt(at);
  return hash >>> 0;
}
