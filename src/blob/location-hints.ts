import { type Hash, hashBytes, hashFromBytes } from '../base/hash.ts';
import { frameBytesMax, hintBytesMax, storedFrameBytesMax } from './limits.ts';
import { type FrameRange, type Location, ownPack } from './pack-index.ts';
import { skippableFrame, splitSkippableFrame } from './skippable-frame.ts';
import { ByteReader, ByteWriter, UnreadableBytes, zigzag } from './varint.ts';

/** Where the objects lie that an object refers to, in its own order; undefined where its writer did not know. */
export type ReferenceLocations = readonly (Location | undefined)[];

/** An object of a frame, as hints speak of it: its length in bytes, and where what it refers to lies. */
export interface HintedObject {
  readonly length: number;
  readonly references: ReferenceLocations;
}

const version = 1;
/** Of a reference that nothing is known of. Known ones are numbered from 1. */
const unknown = 0;

/**
 * What is put in front of a frame so that who reads it knows where to go on: a skippable zstd frame that tells, for each
 * object, where those lie that it refers to (`docs/formats/packs.md`, "Hints"). Undefined where nothing is known, or
 * it would be above `hintBytesMax`. Locations in the pack that the frame itself is for have `ownPack`.
 */
export function encodeHints(objects: readonly HintedObject[]): Buffer | undefined {
  if (objects.every(({ references }) => references.every((location) => location === undefined)))
    return undefined;
  const content = encodeLocations(objects);
  return content.length > hintBytesMax ? undefined : skippableFrame(content);
}

/** The hints in front of a stored frame, if there are any: for `decodeHints`. Shared with `stored`. */
export function hintsOf(stored: Uint8Array): Uint8Array | undefined {
  const { content } = splitSkippableFrame(stored);
  return content === undefined || content.length > hintBytesMax ? undefined : content;
}

/**
 * Where the object at `offset` of a frame of `pack` refers to. Hints are advice: undefined when they don't speak of such
 * an object or are not what a writer wrote, and what they say need not be true.
 */
export function decodeHints(hints: Uint8Array, pack: Hash, offset: number): ReferenceLocations | undefined {
  try {
    return decodeLocations(new ByteReader(hints), pack, offset);
  } catch (error) {
    if (error instanceof UnreadableBytes) return undefined;
    throw error;
  }
}

/** The frames that locations name, and their packs, each once, in the order in which they are first named. */
class FrameTable {
  readonly packs = new Map<Hash, number>();
  readonly frames: FrameRange[] = [];
  readonly #numbers = new Map<string, number>();
  #last: { readonly frame: FrameRange; readonly number: number } | undefined;

  number(frame: FrameRange): number {
    // Neighbours in a tree mostly lie in one frame, and one index gives the same object for it each time.
    if (this.#last?.frame !== frame) this.#last = { frame, number: this.#find(frame) };
    return this.#last.number;
  }

  #find(frame: FrameRange): number {
    const key = `${frame.pack}:${frame.start}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    if (!this.packs.has(frame.pack)) this.packs.set(frame.pack, this.packs.size);
    this.#numbers.set(key, this.frames.length);
    return this.frames.push(frame) - 1;
  }

  write(to: ByteWriter): void {
    to.number(this.packs.size);
    for (const pack of this.packs.keys()) to.append(Buffer.from(pack, 'hex'));
    to.number(this.frames.length);
    let before: FrameRange | undefined;
    for (const frame of this.frames) {
      to.number(this.packs.get(frame.pack)!);
      to.signed(frame.start - (frame.pack === before?.pack ? before.end : 0));
      to.number(frame.end - frame.start);
      to.number(frame.size);
      before = frame;
    }
  }
}

/** The content of hints, without the header of the skippable frame. */
export function encodeLocations(objects: readonly HintedObject[]): Buffer {
  const table = new FrameTable();
  const lists = new ByteWriter();
  lists.number(objects.length);
  for (const { length, references } of objects) {
    lists.number(length);
    lists.number(references.length);
  }
  let lastFrame = 0;
  let lastEnd = 0;
  for (const { references } of objects) {
    for (const location of references) {
      if (location === undefined) {
        lists.number(unknown);
        continue;
      }
      const frame = table.number(location.frame);
      const expected = frame === lastFrame ? lastEnd : 0;
      const isNext = location.offset === expected;
      lists.number(1 + zigzag(frame - lastFrame) * 2 + (isNext ? 0 : 1));
      if (!isNext) lists.number(location.offset);
      lists.number(location.length);
      lastFrame = frame;
      lastEnd = location.offset + location.length;
    }
  }
  const content = new ByteWriter();
  content.append(Buffer.of(version));
  table.write(content);
  content.append(lists.finish());
  return content.finish();
}

/** Reads `encodeLocations` for the object at `offset`; throws `UnreadableBytes`. */
function decodeLocations(reader: ByteReader, pack: Hash, offset: number): ReferenceLocations | undefined {
  if (reader.take(1)[0] !== version) return undefined;
  const frames = readFrames(reader, readPacks(reader, pack));
  const counts = readCounts(reader, offset);
  if (counts === undefined) return undefined;
  const references: (Location | undefined)[] = [];
  let lastFrame = 0;
  let lastEnd = 0;
  for (let i = 0; i < counts.before + counts.own; i++) {
    let location: Location | undefined;
    const code = reader.number();
    if (code !== unknown) {
      const turn = Math.floor((code - 1) / 2);
      const number = lastFrame + (turn % 2 === 0 ? turn / 2 : -(turn + 1) / 2);
      const frame = frames[number];
      if (frame === undefined) throw new UnreadableBytes('No such frame.');
      const expected = number === lastFrame ? lastEnd : 0;
      const start = (code - 1) % 2 === 0 ? expected : reader.number();
      const length = reader.number();
      if (start + length > frame.size) throw new UnreadableBytes('Not within the frame.');
      location = { frame, offset: start, length };
      lastFrame = number;
      lastEnd = start + length;
    }
    if (i >= counts.before) references.push(location);
  }
  return references;
}

function readPacks(reader: ByteReader, pack: Hash): Hash[] {
  const packs: Hash[] = [];
  for (let left = reader.count(hashBytes); left > 0; left--) {
    const name = hashFromBytes(reader.take(hashBytes), 0);
    packs.push(name === ownPack ? pack : name);
  }
  return packs;
}

function readFrames(reader: ByteReader, packs: readonly Hash[]): FrameRange[] {
  const frames: FrameRange[] = [];
  for (let left = reader.count(4); left > 0; left--) {
    const before = frames.at(-1);
    const pack = packs[reader.number()];
    const start = reader.signed() + (pack === before?.pack ? (before?.end ?? 0) : 0);
    const length = reader.number();
    const size = reader.number();
    const end = start + length;
    if (pack === undefined || start < 0 || end > Number.MAX_SAFE_INTEGER)
      throw new UnreadableBytes('No place in a pack.');
    if (length > storedFrameBytesMax || size > frameBytesMax)
      throw new UnreadableBytes('Larger than a frame can be.');
    frames.push({ pack, start, end, size });
  }
  return frames;
}

/** How many references the object at `offset` has, and the objects before it have together. */
function readCounts(reader: ByteReader, offset: number): { before: number; own: number } | undefined {
  let found: { before: number; own: number } | undefined;
  let position = 0;
  let references = 0;
  for (let left = reader.count(2); left > 0; left--) {
    // Two objects begin at one place where the first is empty, and that one refers to nothing.
    const length = reader.number();
    const own = reader.count(1);
    if (position === offset) found = { before: references, own };
    position += length;
    references += own;
  }
  if (references > reader.remaining) throw new UnreadableBytes('More than there are bytes for.');
  return found;
}
