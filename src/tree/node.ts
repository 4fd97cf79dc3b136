import { type Hash, hashBytes, hashFromBytes } from '../base/hash.ts';
import type { Entry } from './entry.ts';
import type { TreeKey } from './key.ts';
import { sharedPrefixLength } from './splitter.ts';
import { TreeError } from './tree-error.ts';

/** A child of an inner node: the largest key below it, its name, and how many entries lie below it. */
export interface ChildItem {
  readonly key: TreeKey;
  readonly hash: Hash;
  readonly count: number;
}

/** An entry of a leaf. */
export interface EntryItem {
  readonly key: TreeKey;
  readonly entry: Entry;
}

/** A decoded node of a tree. Keys are decoded at once, since every search needs them; what they stand for on demand. */
export type TreeNode = LeafNode | InnerNode;

const magic = 0x4e54494d; // "MITN", little endian
const version = 1;
const headerBytes = 8;
const typeOrder = ['file', 'directory', 'symlink', 'gitlink'] as const;

/** Encodes a leaf (`docs/formats/tree-nodes.md`). Keys must ascend. */
export function encodeLeaf(items: readonly EntryItem[]): Buffer {
  const writer = new NodeWriter(0, items.length);
  for (const { key, entry } of items) {
    writer.key(key);
    const mode = entry.type === 'file' || entry.type === 'directory' ? entry.mode : 0;
    writer.number(typeOrder.indexOf(entry.type) | (mode << 2));
    if (entry.type === 'file' || entry.type === 'symlink') {
      writer.number(entry.size);
      writer.hex(entry.hash);
    } else if (entry.type === 'gitlink') {
      writer.number(entry.commit.length / 2);
      writer.hex(entry.commit);
    }
  }
  return writer.finish();
}

/** Encodes an inner node, whose children are nodes of level `level − 1`. Keys must ascend. */
export function encodeInner(level: number, items: readonly ChildItem[]): Buffer {
  const writer = new NodeWriter(level, items.length);
  for (const { key, hash, count } of items) {
    writer.key(key);
    writer.number(count);
    writer.hex(hash);
  }
  return writer.finish();
}

/** Decodes a node whose bytes were verified. Throws `tree/corrupt` or `tree/format-unknown`; `hash` names it there. */
export function decodeNode(bytes: Buffer, hash: Hash): TreeNode {
  if (bytes.length < headerBytes || bytes.readUInt32LE(0) !== magic) throw damaged(hash);
  if (bytes[4] !== version) {
    throw new TreeError(
      'tree/format-unknown',
      `Tree node ${hash} has a format that this version does not know. Update Micelio.`,
    );
  }
  const level = bytes[5]!;
  const count = bytes.readUInt16LE(6);
  const reader = new NodeReader(bytes, hash);
  const keys: TreeKey[] = [];
  const offsets = new Uint32Array(count);
  let previous = '' as TreeKey;
  for (let i = 0; i < count; i++) {
    const key = reader.key(previous);
    if (i > 0 && key <= previous) throw damaged(hash);
    keys.push(key);
    offsets[i] = reader.position;
    if (level === 0) reader.skipEntry();
    else reader.skipChild();
    previous = key;
  }
  if (reader.position !== bytes.length) throw damaged(hash);
  return level === 0
    ? new LeafNode(bytes, hash, keys, offsets)
    : new InnerNode(bytes, hash, level, keys, offsets);
}

abstract class DecodedNode {
  readonly hash: Hash;
  readonly keys: readonly TreeKey[];
  /** The node as it is stored. Not to be changed. */
  readonly bytes: Buffer;
  protected readonly offsets: Uint32Array;

  constructor(bytes: Buffer, hash: Hash, keys: readonly TreeKey[], offsets: Uint32Array) {
    this.bytes = bytes;
    this.hash = hash;
    this.keys = keys;
    this.offsets = offsets;
  }

  /** About how much memory the node takes, in bytes. */
  get memoryBytes(): number {
    return this.bytes.length + this.keys.length * 96;
  }

  /** The first item whose key is not below `key`; `keys.length` when all are. */
  position(key: TreeKey): number {
    let low = 0;
    let high = this.keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export class LeafNode extends DecodedNode {
  readonly level = 0;

  get count(): number {
    return this.keys.length;
  }

  entry(index: number): Entry {
    return new NodeReader(this.bytes, this.hash, this.offsets[index]).entry();
  }

  items(): EntryItem[] {
    return this.keys.map((key, index) => ({ key, entry: this.entry(index) }));
  }
}

export class InnerNode extends DecodedNode {
  readonly level: number;
  #children: readonly ChildItem[] | undefined;
  #ranks: Float64Array | undefined;

  constructor(bytes: Buffer, hash: Hash, level: number, keys: readonly TreeKey[], offsets: Uint32Array) {
    super(bytes, hash, keys, offsets);
    this.level = level;
  }

  get count(): number {
    return this.ranks[this.keys.length]!;
  }

  /** How many entries lie before each child, and at the end how many there are. */
  get ranks(): Float64Array {
    if (this.#ranks === undefined) {
      this.#ranks = new Float64Array(this.keys.length + 1);
      for (const [index, child] of this.children.entries()) {
        this.#ranks[index + 1] = this.#ranks[index]! + child.count;
      }
    }
    return this.#ranks;
  }

  /** The child below which the entry with `rank` entries before it lies; the last one for a rank behind all. */
  childAtRank(rank: number): number {
    let low = 0;
    let high = this.keys.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.ranks[middle]! <= rank) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  get children(): readonly ChildItem[] {
    this.#children ??= this.keys.map((key, index) => {
      const reader = new NodeReader(this.bytes, this.hash, this.offsets[index]);
      return { key, count: reader.number(), hash: reader.hash() };
    });
    return this.#children;
  }
}

const scratchBytes = 64 * 1024;

class NodeWriter {
  #bytes = Buffer.allocUnsafe(scratchBytes);
  #position = headerBytes;
  #previous = '';

  constructor(level: number, count: number) {
    this.#bytes.writeUInt32LE(magic, 0);
    this.#bytes[4] = version;
    this.#bytes[5] = level;
    this.#bytes.writeUInt16LE(count, 6);
  }

  key(key: TreeKey): void {
    const shared = sharedPrefixLength(this.#previous, key);
    this.#reserve(key.length + hashBytes * 2);
    this.number(shared);
    this.number(key.length - shared);
    this.#position += this.#bytes.write(key.slice(shared), this.#position, 'latin1');
    this.#previous = key;
  }

  /** An unsigned number in groups of seven bits, low first, up to 2^53. */
  number(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#position++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#position++] = rest;
  }

  hex(text: string): void {
    this.#reserve(text.length / 2);
    this.#position += this.#bytes.write(text, this.#position, 'hex');
  }

  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#position));
  }

  #reserve(count: number): void {
    if (this.#position + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe((this.#bytes.length + count) * 2);
    this.#bytes.copy(larger);
    this.#bytes = larger;
  }
}

class NodeReader {
  position: number;
  readonly #bytes: Buffer;
  readonly #hash: Hash;

  constructor(bytes: Buffer, hash: Hash, position = headerBytes) {
    this.#bytes = bytes;
    this.#hash = hash;
    this.position = position;
  }

  key(previous: TreeKey): TreeKey {
    const shared = this.number();
    const length = this.number();
    if (shared > previous.length) throw damaged(this.#hash);
    const start = this.#skip(length);
    return (previous.slice(0, shared) + this.#bytes.toString('latin1', start, start + length)) as TreeKey;
  }

  number(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.position++];
      if (byte === undefined || scale > 2 ** 49) throw damaged(this.#hash);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
  }

  hash(): Hash {
    return hashFromBytes(this.#bytes, this.#skip(hashBytes));
  }

  skipChild(): void {
    this.number();
    this.#skip(hashBytes);
  }

  skipEntry(): void {
    const type = typeOrder[this.number() & 3]!;
    if (type === 'directory') return;
    const number = this.number();
    this.#skip(type === 'gitlink' ? number : hashBytes);
  }

  entry(): Entry {
    const head = this.number();
    const type = typeOrder[head & 3]!;
    const mode = head >>> 2;
    switch (type) {
      case 'file':
        return { type, mode, size: this.number(), hash: this.hash() };
      case 'directory':
        return { type, mode };
      case 'symlink':
        return { type, size: this.number(), hash: this.hash() };
      case 'gitlink': {
        const length = this.number();
        const start = this.#skip(length);
        return { type, commit: this.#bytes.toString('hex', start, start + length) };
      }
    }
  }

  /** Moves over `count` bytes and returns where they begin. */
  #skip(count: number): number {
    const start = this.position;
    this.position += count;
    if (this.position > this.#bytes.length) throw damaged(this.#hash);
    return start;
  }
}

function damaged(hash: Hash): TreeError {
  return new TreeError('tree/corrupt', `Tree node ${hash} is damaged. Run "mic store fsck".`);
}
