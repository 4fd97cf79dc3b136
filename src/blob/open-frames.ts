import type { Hash } from '../base/hash.ts';
import type { ObjectKind } from './layout.ts';
import { frameBytesTarget } from './limits.ts';

/** An object that waits for its frame. */
export interface PendingObject {
  readonly hash: Hash;
  readonly bytes: Uint8Array;
  /** What it refers to, in its own order. */
  readonly references: readonly Hash[];
}

interface OpenFrame {
  readonly objects: PendingObject[];
  size: number;
}

/** Nodes that refer to nodes that refer to nodes …, up to here in frames of their own. */
const heightsMax = 64;

/**
 * Gathers objects into frames. An object comes in a later frame than those added before that it refers to, so that its
 * frame can tell where they lie.
 */
export class OpenFrames {
  readonly #close: (objects: readonly PendingObject[], size: number) => void;
  #blobs: OpenFrame = emptyFrame();
  /** At 0 nodes that refer to none of these, at each further place nodes that refer to some of the one before. */
  #nodes: OpenFrame[] = [];
  readonly #heights = new Map<Hash, number>();

  /** `close` is told of each frame that is full, in order. */
  constructor(close: (objects: readonly PendingObject[], size: number) => void) {
    this.#close = close;
  }

  add(object: PendingObject, kind: ObjectKind): void {
    if (kind === 'blob') {
      append(this.#blobs, object);
      if (this.#blobs.size >= frameBytesTarget) this.#closeBlobs();
      return;
    }
    let height = 0;
    for (const reference of object.references) {
      height = Math.max(height, (this.#heights.get(reference) ?? -1) + 1);
    }
    if (height === heightsMax) {
      this.closeAll();
      height = 0;
    }
    const frame = this.#nodes[height] ?? emptyFrame();
    this.#nodes[height] = frame;
    append(frame, object);
    this.#heights.set(object.hash, height);
    if (frame.size >= frameBytesTarget) this.#closeNodes(height);
  }

  /** Closes all frames. */
  closeAll(): void {
    this.#closeNodes(this.#nodes.length - 1);
  }

  #closeBlobs(): void {
    const { objects, size } = this.#blobs;
    if (objects.length === 0) return;
    this.#blobs = emptyFrame();
    this.#close(objects, size);
  }

  /** Closes the nodes of a height, and before them all that they may refer to. */
  #closeNodes(height: number): void {
    this.#closeBlobs();
    for (let below = 0; below <= height; below++) {
      const { objects, size } = this.#nodes[below]!;
      if (objects.length === 0) continue;
      this.#nodes[below] = emptyFrame();
      for (const { hash } of objects) this.#heights.delete(hash);
      this.#close(objects, size);
    }
  }
}

function emptyFrame(): OpenFrame {
  return { objects: [], size: 0 };
}

function append(frame: OpenFrame, object: PendingObject): void {
  frame.objects.push(object);
  frame.size += object.bytes.length;
}
