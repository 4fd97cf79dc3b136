import type { HashSet } from '../base/hash-set.ts';

/** What a collection must keep, and when that was found. */
export interface NeededObjects {
  /** File content, manifests and whatever else is no node. */
  readonly blobs: HashSet;
  /** Nodes of trees. */
  readonly nodes: HashSet;
  /**
   * When finding them began, ms since the epoch: whatever was recorded before is among them. All ages are judged as of
   * then, so that a collector may take as long as it likes, or be suspended, between finding and deleting.
   */
  readonly asOfMs: number;
}

/** Whether the object whose 32 raw bytes stand at `at` is needed. */
export function isNeeded({ blobs, nodes }: NeededObjects, raw: Buffer, at = 0): boolean {
  return blobs.has(raw, at) || nodes.has(raw, at);
}
