import { DiffBudget } from './diff-cost.ts';

const newline = 0x0a;
const initialSlots = 1024;

/** A file cut into lines. A line keeps its terminator, so the last one may lack it. */
export interface Lines {
  readonly bytes: Uint8Array;
  /** Where each line starts, in bytes, and one entry more: the length of the file. */
  readonly offsets: Uint32Array;
  /** A number for each line: within one `LineTable`, equal numbers mean equal bytes. */
  readonly ids: Int32Array;
}

interface KnownLine {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly hash: number;
}

/** Numbers lines, so that files cut by the same table can be compared without looking at their bytes again. */
export class LineTable {
  readonly #known: KnownLine[] = [];
  /** A hash table with open addressing: the id of the line in each slot, or -1. Never more than half full. */
  #slots = new Int32Array(initialSlots).fill(-1);
  readonly #budget: DiffBudget;

  constructor(budget: DiffBudget = new DiffBudget()) {
    this.#budget = budget;
  }

  /**
   * Cuts `bytes`, which must not change any more, behind every `\n`; an empty file has no lines. Throws
   * `DiffTooCostly` when the budget is used up, which lines made to collide could do.
   */
  cut(bytes: Uint8Array): Lines {
    const offsets = lineOffsets(bytes);
    const ids = new Int32Array(offsets.length - 1);
    for (let line = 0; line < ids.length; line++) {
      ids[line] = this.#idOf(bytes, offsets[line]!, offsets[line + 1]!);
    }
    return { bytes, offsets, ids };
  }

  #idOf(bytes: Uint8Array, start: number, end: number): number {
    let hash = 0;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
    hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot]!;
      if (id < 0) return this.#add(slot, { bytes, start, end, hash });
      if (isLine(this.#known[id]!, bytes, start, end, hash)) return id;
      this.#budget.spend(1);
    }
  }

  #add(slot: number, line: KnownLine): number {
    const id = this.#known.push(line) - 1;
    this.#slots[slot] = id;
    if (this.#known.length * 2 > this.#slots.length) this.#grow();
    return id;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 4).fill(-1);
    const mask = slots.length - 1;
    for (let id = 0; id < this.#known.length; id++) {
      let slot = this.#known[id]!.hash & mask;
      while (slots[slot] !== -1) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.#slots = slots;
  }
}

function isLine(line: KnownLine, bytes: Uint8Array, start: number, end: number, hash: number): boolean {
  if (line.hash !== hash || line.end - line.start !== end - start) return false;
  for (let at = 0; at < end - start; at++) {
    if (line.bytes[line.start + at] !== bytes[start + at]) return false;
  }
  return true;
}

function lineOffsets(bytes: Uint8Array): Uint32Array {
  let count = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) count++;
  if (bytes.length > 0 && bytes[bytes.length - 1] !== newline) count++;
  const offsets = new Uint32Array(count + 1);
  for (let line = 1; line <= count; line++) {
    const end = bytes.indexOf(newline, offsets[line - 1]!);
    offsets[line] = end < 0 ? bytes.length : end + 1;
  }
  return offsets;
}

/** The bytes of the lines from `start` up to `end`, which is not included. */
export function sliceLines(lines: Lines, start: number, end: number): Uint8Array {
  return lines.bytes.subarray(lines.offsets[start]!, lines.offsets[end]!);
}
