import { hashBytes } from './hash.ts';

/** Bytes of a hash that are kept: 128 bits tell apart more hashes than there will ever be. */
const keptWords = 4;
const slotsMin = 1024;
/** Filled further than this, the table is doubled. */
const loadMax = 0.7;

/**
 * A set of raw SHA-256 hashes in about 25 bytes each: for walks over millions of objects, where a `Set` of strings
 * would fill the memory.
 */
export class HashSet {
  #slots = new Uint32Array(slotsMin * keptWords);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds the 32 bytes at `offset`; false when they were there already. */
  add(raw: Buffer, offset = 0): boolean {
    if (this.#size >= (this.#slots.length / keptWords) * loadMax) this.#grow();
    const words = wordsOf(raw, offset);
    const at = this.#find(words);
    if (this.#slots[at + keptWords - 1] !== 0) return false;
    this.#slots.set(words, at);
    this.#size++;
    return true;
  }

  has(raw: Buffer, offset = 0): boolean {
    return this.#slots[this.#find(wordsOf(raw, offset)) + keptWords - 1] !== 0;
  }

  /** Where these words are, or the free slot where they belong. */
  #find(words: readonly number[]): number {
    const mask = this.#slots.length / keptWords - 1;
    for (let slot = words[0]! & mask; ; slot = (slot + 1) & mask) {
      const at = slot * keptWords;
      if (this.#slots[at + keptWords - 1] === 0 || words.every((word, i) => this.#slots[at + i] === word))
        return at;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += keptWords) {
      if (old[at + keptWords - 1] === 0) continue;
      const words = Array.from(old.subarray(at, at + keptWords));
      this.#slots.set(words, this.#find(words));
    }
  }
}

/** The first words of a hash. The last is never zero, which marks a free slot. */
function wordsOf(raw: Buffer, offset: number): number[] {
  if (offset + hashBytes > raw.length) throw new RangeError('A hash has 32 bytes.');
  return [
    raw.readUInt32LE(offset),
    raw.readUInt32LE(offset + 4),
    raw.readUInt32LE(offset + 8),
    raw.readUInt32LE(offset + 12) || 1,
  ];
}
