import type { TreeKey } from './key.ts';

/** A node is not cut before it has this weight, in bytes, … */
const weightMin = 3 * 1024;
/** … is rarely cut before this one, … */
const weightTarget = 8 * 1024;
/** … and always before this one: nobody can choose names that make a node grow without bound. */
const weightMax = 24 * 1024;

/** What an item weighs besides its key: about the bytes of a hash and a few numbers. */
const itemWeight = 40;

/** Before the target one key in 256 ends a node, behind it one in 16. */
const maskBeforeTarget = 0xff;
const maskAfterTarget = 0x0f;

/**
 * Decides where nodes end. The decision depends only on the keys since the last cut, never on the order of edits nor
 * on the values, which is what makes a tree history-independent. The parameters are part of the format
 * (`docs/formats/tree-nodes.md`). Normalised as FastCDC is, so that sizes stay close to the target.
 */
export class Splitter {
  readonly #seed: number;
  #weight = 0;
  #previous = '';

  /** Each level of a tree hashes keys differently: a key that ends a leaf should not thereby end its parent. */
  constructor(level: number) {
    this.#seed = Math.imul(level + 1, 0x9e3779b1);
  }

  /** Takes the next key of the level; true when the node ends behind it. */
  endsAfter(key: TreeKey): boolean {
    this.#weight += itemWeight + key.length - sharedPrefixLength(this.#previous, key);
    this.#previous = key;
    if (this.#weight < weightMin) return false;
    const mask = this.#weight < weightTarget ? maskBeforeTarget : maskAfterTarget;
    if (this.#weight < weightMax && (hashKey(key, this.#seed) & mask) !== 0) return false;
    this.reset();
    return true;
  }

  reset(): void {
    this.#weight = 0;
    this.#previous = '';
  }
}

export function sharedPrefixLength(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let i = 0;
  while (i < length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  return i;
}

/** FNV-1a over the key's bytes, finished as MurmurHash3 finishes: cheap, and every bit depends on every byte. */
function hashKey(key: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
