import { type Hash, hashBytes, hashOf, writeHash } from '../base/hash.ts';
import { indexEntriesMax } from './limits.ts';
import {
  entryRecordBytes,
  fanoutEntries,
  frameRecordBytes,
  headerBytes,
  indexMagic,
  PackIndex,
  packNonceBytes,
} from './pack-index.ts';

const nobody: ReadonlySet<Hash> = new Set();

/**
 * One index of all that `indexes` name, except what lies in the packs `without`; undefined when nothing is left. Of an
 * object that is named twice it keeps one place. `nonce` makes its name unlike that of any other: what is being deleted is
 * never written again. Works on the bytes of the indexes: takes little more memory than they do.
 */
export function mergeIndexes(
  indexes: readonly PackIndex[],
  nonce: Uint8Array,
  without: ReadonlySet<Hash> = nobody,
): PackIndex | undefined {
  const sources = indexes.map((index) => new Source(index, without));
  const upper = indexes.reduce((sum, { entryCount }) => sum + entryCount, 0);
  if (upper > indexEntriesMax * 2) throw new RangeError('These are too many objects for one index.');
  const merged = new MergedTables(upper);
  for (let last: Source | undefined; ; ) {
    const next = smallest(sources);
    if (next === undefined) break;
    if (last === undefined || !next.isSameAs(merged.lastEntry)) merged.add(next);
    next.advance();
    last = next;
  }
  return merged.finish(nonce);
}

/** The source whose next object comes first; the earliest of them when several have it. */
function smallest(sources: readonly Source[]): Source | undefined {
  let best: Source | undefined;
  for (const source of sources) {
    if (source.prefix < (best?.prefix ?? Number.POSITIVE_INFINITY)) best = source;
    else if (best !== undefined && source.prefix === best.prefix && source.isBefore(best)) best = source;
  }
  return best;
}

/** An index that is being read from one end to the other. */
class Source {
  readonly index: PackIndex;
  readonly #end: number;
  readonly #packs: Uint32Array;
  readonly #isLeftOut: readonly boolean[];
  /** What the frames are called in the merged index, plus one. */
  readonly frames: Uint32Array;
  /** Where the record of the next object begins. */
  at: number;
  /** The first six bytes of its hash as a number, which nearly always decide; infinity behind the last. */
  prefix = 0;

  constructor(index: PackIndex, without: ReadonlySet<Hash>) {
    this.index = index;
    this.at = index.tables.entries - entryRecordBytes;
    this.#end = index.bytes.length;
    this.#packs = index.packOfFrames();
    this.#isLeftOut = index.packs.map((pack) => without.has(pack));
    this.frames = new Uint32Array(this.#packs.length);
    this.advance();
  }

  get frame(): number {
    return this.index.bytes.readUInt32LE(this.at + hashBytes);
  }

  /** The pack that holds the next object. */
  get pack(): Hash {
    return this.index.packs[this.#packs[this.frame]!]!;
  }

  advance(): void {
    do {
      this.at += entryRecordBytes;
    } while (this.at < this.#end && this.#isLeftOut[this.#packs[this.frame]!]);
    this.prefix = this.at < this.#end ? this.index.bytes.readUIntBE(this.at, 6) : Number.POSITIVE_INFINITY;
  }

  isBefore(other: Source): boolean {
    return this.#compare(other.index.bytes, other.at) < 0;
  }

  isSameAs({ bytes, at }: { readonly bytes: Buffer; readonly at: number }): boolean {
    return this.#compare(bytes, at) === 0;
  }

  #compare(bytes: Buffer, at: number): number {
    return this.index.bytes.compare(bytes, at, at + hashBytes, this.at, this.at + hashBytes);
  }
}

/** The tables of the index that comes of it, as they grow. */
class MergedTables {
  readonly #entries: Buffer;
  readonly #packs = new Map<Hash, number>();
  /** The numbers of the frames, by pack and first byte. */
  readonly #frameNumbers: Map<number, number>[] = [];
  readonly #frames: Buffer[] = [];
  #entriesEnd = 0;

  constructor(entriesMax: number) {
    this.#entries = Buffer.allocUnsafe(entriesMax * entryRecordBytes);
  }

  get lastEntry(): { readonly bytes: Buffer; readonly at: number } {
    return { bytes: this.#entries, at: this.#entriesEnd - entryRecordBytes };
  }

  /** Adds the next object of `source`. */
  add(source: Source): void {
    const { index, at, frame } = source;
    source.frames[frame] ||= this.#frameOf(source) + 1;
    const to = this.#entriesEnd;
    index.bytes.copy(this.#entries, to, at, at + entryRecordBytes);
    this.#entries.writeUInt32LE(source.frames[frame]! - 1, to + hashBytes);
    this.#entriesEnd = to + entryRecordBytes;
  }

  #frameOf({ index, frame, pack }: Source): number {
    const at = index.tables.frames + frame * frameRecordBytes;
    if (!this.#packs.has(pack)) {
      this.#packs.set(pack, this.#packs.size);
      this.#frameNumbers.push(new Map());
    }
    const packNumber = this.#packs.get(pack)!;
    const start = index.bytes.readUIntLE(at + 4, 6);
    const known = this.#frameNumbers[packNumber]!.get(start);
    if (known !== undefined) return known;
    const record = Buffer.from(index.bytes.subarray(at, at + frameRecordBytes));
    record.writeUInt32LE(packNumber);
    const number = this.#frames.push(record) - 1;
    this.#frameNumbers[packNumber]!.set(start, number);
    return number;
  }

  finish(nonce: Uint8Array): PackIndex | undefined {
    const count = this.#entriesEnd / entryRecordBytes;
    if (count === 0) return undefined;
    const framesStart = headerBytes + this.#packs.size * hashBytes;
    const fanoutStart = framesStart + this.#frames.length * frameRecordBytes;
    const entriesStart = fanoutStart + fanoutEntries * 4;
    const bytes = Buffer.alloc(entriesStart + this.#entriesEnd);
    indexMagic.copy(bytes);
    bytes.writeUInt32LE(this.#packs.size, 8);
    bytes.writeUInt32LE(this.#frames.length, 12);
    bytes.writeUInt32LE(count, 16);
    bytes.set(nonce.subarray(0, packNonceBytes), 20);
    let at = headerBytes;
    for (const pack of this.#packs.keys()) at = writeHash(bytes, pack, at);
    for (const frame of this.#frames) at += frame.copy(bytes, at);
    this.#entries.copy(bytes, entriesStart, 0, this.#entriesEnd);
    const counts = new Uint32Array(fanoutEntries);
    for (at = entriesStart; at < bytes.length; at += entryRecordBytes) counts[bytes[at]! + 1]!++;
    for (let i = 0, total = 0; i < fanoutEntries; i++) {
      total += counts[i]!;
      bytes.writeUInt32LE(total, fanoutStart + i * 4);
    }
    return PackIndex.parse(bytes, hashOf(bytes));
  }
}
