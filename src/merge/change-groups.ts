import { assert } from '../base/error.ts';
import type { MarkedLines } from './marked-lines.ts';

/**
 * A run of changed lines between two unchanged ones; it may be empty. Both files have the same number of unchanged
 * lines, so they have the same number of groups, and group n of one file stands opposite group n of the other.
 */
class Group {
  readonly #ids: Int32Array;
  readonly #changed: Uint8Array;
  start = 0;
  /** The first unchanged line behind the group. */
  end = 0;

  constructor(file: MarkedLines) {
    this.#ids = file.ids;
    this.#changed = file.changed;
    this.#growDown();
  }

  get size(): number {
    return this.end - this.start;
  }

  /** Goes on to the next group; false at the end of the file. */
  next(): boolean {
    if (this.end === this.#ids.length) return false;
    this.start = this.end + 1;
    this.end = this.start;
    this.#growDown();
    return true;
  }

  /** Goes back to the group before; false at the start of the file. */
  previous(): boolean {
    if (this.start === 0) return false;
    this.end = this.start - 1;
    this.start = this.end;
    this.#growUp();
    return true;
  }

  /** Moves the group one line down if that says the same, joining a group that it then touches. */
  slideDown(): boolean {
    if (this.end === this.#ids.length || this.#ids[this.start] !== this.#ids[this.end]) return false;
    this.#changed[this.start++] = 0;
    this.#changed[this.end++] = 1;
    this.#growDown();
    return true;
  }

  /** Moves the group one line up if that says the same, joining a group that it then touches. */
  slideUp(): boolean {
    if (this.start === 0 || this.#ids[this.start - 1] !== this.#ids[this.end - 1]) return false;
    this.#changed[--this.start] = 1;
    this.#changed[--this.end] = 0;
    this.#growUp();
    return true;
  }

  #growDown(): void {
    while (this.#changed[this.end] === 1) this.end++;
  }

  #growUp(): void {
    while (this.start > 0 && this.#changed[this.start - 1] === 1) this.start--;
  }
}

/**
 * Moves the groups of changed lines of `file`: those that can touch others join them, and each then stands as low as
 * it can, or where it lines up with a change of `other` if it can.
 */
export function alignGroups(file: MarkedLines, other: MarkedLines): void {
  const group = new Group(file);
  const opposite = new Group(other);
  do {
    if (group.size > 0) alignGroup(group, opposite);
  } while (stepBoth(group.next(), opposite.next()));
}

function alignGroup(group: Group, opposite: Group): void {
  let size: number;
  let highestEnd: number;
  let canLineUp: boolean;
  do {
    size = group.size;
    while (group.slideUp()) mustStep(opposite.previous());
    highestEnd = group.end;
    canLineUp = opposite.size > 0;
    while (group.slideDown()) {
      mustStep(opposite.next());
      if (opposite.size > 0) canLineUp = true;
    }
  } while (size !== group.size);

  if (group.end === highestEnd || !canLineUp) return;
  while (opposite.size === 0) {
    mustStep(group.slideUp());
    mustStep(opposite.previous());
  }
}

function mustStep(stepped: boolean): void {
  assert(stepped, 'the groups of two compared files got out of step');
}

function stepBoth(stepped: boolean, oppositeStepped: boolean): boolean {
  mustStep(stepped === oppositeStepped);
  return stepped;
}
